import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { odori } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";
import { ROOT } from "../tidy/sources.ts";

const PAGE = readFileSync(join(ROOT, "docs", "how-to", "simulate.md"), "utf8");
const FLAGS = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];

/** The programs of the page, by the file name in their first line. */
const programs = [...PAGE.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(
  ([, file = "", code = ""]) => ({ file, code }),
);
let temporary: ReturnType<typeof temporaryFolder> | undefined;
const folder = () => temporary?.path ?? "";

beforeAll(() => {
  mkdirSync(join(ROOT, ".odori"), { recursive: true });
  temporary = temporaryFolder("simulate", join(ROOT, ".odori"));
  for (const { file, code } of programs) writeFileSync(join(temporary.path, file), code);
});
afterAll(() => temporary?.[Symbol.dispose]());

describe("the page on simulation", { timeout: 600_000 }, () => {
  it("has programs that compile", () => {
    expect(programs.map(({ file }) => file)).toEqual([
      "shop.ts",
      "shop.simulation.ts",
      "shop.test.ts",
      "till.simulation.ts",
    ]);
    const project = { extends: "../../tsconfig.json", include: ["*.ts"] };
    writeFileSync(join(folder(), "tsconfig.json"), JSON.stringify(project));
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const ran = spawnSync(process.execPath, [...FLAGS, tsc, "-p", folder()], { encoding: "utf8" });
    expect([ran.status, ran.stdout]).toEqual([0, ""]);
  });

  it("shows what the command prints", async () => {
    const shown = /```text\n([\s\S]*?)```/.exec(PAGE)?.[1] ?? "";
    const { status, out } = await odori(["simulate", "shop.simulation.ts"], undefined, folder());
    const lines = out.split("\n").map((line) => line.trimEnd());
    expect([status, lines.join("\n")]).toEqual([1, expect.stringContaining(shown)]);
  });

  it("has a simulation of Postgres handlers that is right", async () => {
    const args = ["simulate", "till.simulation.ts", "--seeds", "50"];
    const { status, out, err } = await odori(args, undefined, folder());
    expect([status, out, err]).toEqual([0, expect.stringContaining("✓ 50 runs are right"), ""]);
  });

  it("has a test that passes", () => {
    const conditions = ["odori-source", "node"];
    const resolve = { conditions };
    const config = { test: { include: ["*.test.ts"] }, resolve, ssr: { resolve } };
    const text = `export default ${JSON.stringify(config)};`;
    writeFileSync(join(folder(), "vitest.config.mjs"), text);
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const env = { ...process.env };
    // The outer runner must not be noticed by the inner one.
    for (const name of Object.keys(env))
      if (/^(VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)) delete env[name];
    const args = [...FLAGS, vitest, "run", "--reporter=tap", "--root", folder()];
    const { status, stdout } = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    expect([status, stdout]).toEqual([0, expect.stringContaining("ok 1")]);
  });
});
