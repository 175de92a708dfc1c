import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ERRORS } from "../../src/contract/error-catalogue.ts";
import { buses, stores } from "../conformance/adapters.ts";
import { sources as files, filesUnder, ROOT, SRC } from "./sources.ts";

/**
 * Folders of `src/`, from the ground up: imports go down, or stay within their folder. `ports` may
 * use `contract`, which it speaks of.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["contract", "text"],
  ["ports"],
  ["adapter"],
  ["choreography", "cloudevents", "adapters", "conformance", "otel"],
  ["runtime", "observe", "manifest", "virtual"],
  ["check", "explain", "diff", "asyncapi", "acl", "web"],
  ["draw", "observer"],
  ["testing", "simulate", "console", "dev"],
  ["cli"],
];
/** What a folder may use on its own floor. */
const NEIGHBOURS: Readonly<Record<string, readonly string[]>> = {
  adapters: ["cloudevents"],
  conformance: ["cloudevents"],
  runtime: ["manifest"],
  observe: ["manifest"],
};

const LINES_MAX = 400;
const MEDIAN_LINES_MAX = 100;
/** The only third-party code that the library may load, and where. */
const THIRD_PARTY: Readonly<Record<string, readonly string[]>> = {
  simulate: ["@electric-sql/pglite", "pg"],
  "adapters/postgres": ["pg"],
  "adapters/nats": ["@nats-io/jetstream", "@nats-io/transport-node"],
  "adapters/rabbitmq": ["rabbitmq-client"],
  "adapters/kafka": ["@platformatic/kafka"],
  otel: ["@opentelemetry/api"],
  contract: ["ajv", "ajv/dist/2019.js", "ajv/dist/2020.js", "ajv-formats/dist/formats.js"],
  manifest: ["ajv/dist/2020.js", "yaml"],
  check: ["ajv/dist/2020.js"],
  asyncapi: ["ajv/dist/2020.js"],
  draw: ["@viz-js/viz"],
  console: ["@hono/node-server", "hono", "hono/body-limit", "hono/streaming"],
  cli: [
    "@hono/node-server",
    "ajv/dist/2020.js",
    "commander",
    "es-module-lexer",
    "jiti",
    "picocolors",
    "yaml",
  ],
};

function floorOf(folder: string): number {
  return FLOORS.findIndex((floor) => floor.includes(folder));
}

describe("the house", () => {
  it("every folder has its floor", () => {
    const folders = new Set(
      files.filter(({ path }) => path.includes("/")).map(({ folder }) => folder),
    );
    expect([...folders].sort()).toEqual(FLOORS.flat().sort());
  });

  it("imports go down", () => {
    const upwards = files.flatMap(({ path, folder, imports }) =>
      imports
        .filter((target) => {
          const other = target.split("/")[0] ?? "";
          const below =
            floorOf(other) < floorOf(folder) || (NEIGHBOURS[folder] ?? []).includes(other);
          return path.includes("/") && other !== folder && !below;
        })
        .map((target) => `${path} -> ${target}`),
    );
    expect(upwards).toEqual([]);
  });

  it("an adapter knows nothing of another one", () => {
    const adapterOf = (path: string) => /^adapters\/([^/]+)\//.exec(path)?.[1];
    const mixed = files.flatMap(({ path, imports }) =>
      imports
        .filter(
          (target) =>
            adapterOf(path) !== undefined &&
            adapterOf(target) !== undefined &&
            adapterOf(path) !== adapterOf(target),
        )
        .map((target) => `${path} -> ${target}`),
    );
    expect(mixed).toEqual([]);
  });

  it("third-party code is loaded where it is said, and nowhere else", () => {
    const strangers = files.flatMap(({ path, folder, packages }) =>
      packages
        .filter(
          (name) =>
            !(THIRD_PARTY[folder === "adapters" ? dirname(path) : folder] ?? []).includes(name),
        )
        .map((name) => `${path} -> ${name}`),
    );
    expect(strangers).toEqual([]);
  });

  it("no file is dead: each is reached from an entry of the package", () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const entries = [...JSON.stringify(manifest).matchAll(/\.\/src\/([\w/-]+\.ts)/g)].map(
      (match) => match[1] ?? "",
    );
    expect(entries.length).toBeGreaterThan(4);
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const target of files.find((file) => file.path === path)?.imports ?? []) visit(target);
    };
    for (const entry of [
      ...entries,
      "cli/main.ts",
      "cli/module-thread.ts",
      "cli/simulation/thread.ts",
      "console/foresight-thread.ts",
      "console/layout-thread.ts",
      "console/proof-thread.ts",
      "cli/dev/child.ts",
    ])
      visit(entry);
    expect(files.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });

  it("files are small", () => {
    const lines = files.map(({ path, text }) => ({ path, count: text.split("\n").length }));
    expect(lines.filter(({ count }) => count > LINES_MAX)).toEqual([]);
    const sorted = lines.map(({ count }) => count).sort((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(MEDIAN_LINES_MAX);
  });

  it("every adapter passes the suites: its folder is in the matrix", () => {
    const folders = readdirSync(join(SRC, "adapters"));
    for (const folder of folders) {
      const has = (file: string) => existsSync(join(SRC, "adapters", folder, file));
      expect([folder, has("index.ts")]).toEqual([folder, true]);
      expect([folder, has("bus.ts")]).toEqual([folder, folder in buses]);
      expect([folder, has("store.ts")]).toEqual([folder, folder in stores]);
      if (has("store.ts"))
        for (const file of ["transaction.ts", "inspect.ts"])
          expect([folder, file, has(file)]).toEqual([folder, file, true]);
    }
  });

  it("a conformance suite skips for a declared reason, and never ends a test early", () => {
    const early = /\breturn;|\.skip\((?!OPTIONAL\.)/;
    expect(
      files
        .filter(({ folder, path }) => folder === "conformance" && !path.endsWith("/runner.ts"))
        .flatMap(({ path, text }) =>
          text.split("\n").flatMap((line, i) => (early.test(line) ? [`${path}:${i + 1}`] : [])),
        ),
    ).toEqual([]);
  });

  it("the example adapter imports only what a package of its own can", () => {
    const folder = join(ROOT, "examples/adapter");
    const legal = /^(\.\/|node:|vitest$|odori(\/(adapter|conformance|cloudevents))?$)/;
    expect(
      filesUnder(folder, ".ts").flatMap((path) =>
        [...readFileSync(join(folder, path), "utf8").matchAll(/ from "([^"]+)"/g)]
          .map((match) => match[1] ?? "")
          .filter((name) => !legal.test(name))
          .map((name) => `${path} -> ${name}`),
      ),
    ).toEqual([]);
  });

  it("every error code that is declared is used", () => {
    const used = files
      .filter(({ path }) => !path.startsWith("contract/codes/"))
      .map(({ text }) => text)
      .join("\n");
    const special = ["HANDLER_FAILED"];
    expect(
      Object.keys(ERRORS).filter((code) => !used.includes(`"${code}"`) && !special.includes(code)),
    ).toEqual([]);
  });

  it("nothing is left for later, and no compiler is silenced", () => {
    const later = /\b(TODO|FIXME|XXX|HACK)\b/;
    const silenced =
      /@ts-ignore|@ts-expect-error|biome-ignore|: any\b|\bas any\b|\bas unknown as\b|<any>/;
    const marked = (line: string) => later.test(line) || silenced.test(line);
    expect(
      files.flatMap(({ path, text }) =>
        text.split("\n").flatMap((line, i) => (marked(line) ? [`${path}:${i + 1}`] : [])),
      ),
    ).toEqual([]);
  });

  it("no test is skipped or alone", () => {
    const tests = [
      ...filesUnder(join(ROOT, "test"), ".ts").map((path) => join("test", path)),
      ...filesUnder(join(ROOT, "examples"), ".ts").map((path) => join("examples", path)),
    ];
    const marked = tests.filter(
      (path) =>
        /\b(it|test|describe)\.(skip|only|todo|fails)\b/.test(
          readFileSync(join(ROOT, path), "utf8"),
        ) && !path.endsWith("tidy.test.ts"),
    );
    expect(marked).toEqual([]);
  });
});
