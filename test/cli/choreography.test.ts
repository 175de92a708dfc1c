import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import order from "../../examples/order/choreography.ts";
import { RULES } from "../../src/check/lint/rules.ts";
import { manifestOf } from "../../src/manifest/from-code.ts";
import { writeManifest } from "../../src/manifest/write.ts";
import { BROKEN } from "../check/broken.ts";
import { odori, ROOT } from "../support/command.ts";

const EXAMPLE = join(ROOT, "examples", "order", "choreography.ts");

let folder = "";
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "odori-choreography-"));
  const whole = manifestOf(order);
  writeFileSync(file("order.json"), writeManifest(whole));
  for (const [name, service] of whole.services) {
    const part = {
      ...whole,
      name,
      services: new Map([[name, service]]),
      ...(name !== "order" && { begins: [], succeeds: [], fails: [] }),
    };
    writeFileSync(file(`part-${name}.json`), writeManifest(part));
  }
  const broken = BROKEN.find(({ name }) => name === "a failure that no service hears");
  writeFileSync(file("broken.json"), JSON.stringify(broken?.manifest));
  const links = Array.from({ length: 10_000 }, (_, index) => [
    `link${index}`,
    {
      reactions: [
        {
          on: [index === 0 ? "chain.begun.v1" : `link${index - 1}.passed.v1`],
          emits: [`link${index}.passed.v1`],
        },
      ],
    },
  ]);
  writeFileSync(
    file("long.json"),
    JSON.stringify({
      odori: 1,
      name: "long",
      begins: ["chain.begun.v1"],
      succeeds: ["link9999.passed.v1"],
      services: Object.fromEntries(links),
    }),
  );
  writeFileSync(file("cut.json"), writeManifest(whole).slice(0, 700));
  writeFileSync(
    file("types.json"),
    '{ "odori": 1, "name": "n", "services": { "a": { "reactions": "none" } } }',
  );
  writeFileSync(file("bytes.json"), Buffer.from([0, 255, 254, 1, 2, 3]));
  writeFileSync(
    file("hostile.json"),
    JSON.stringify({ odori: 1, name: "n", services: { "a\u001b[31m": {} } }),
  );
  writeFileSync(file("circle.yaml"), "odori: 1\nname: n\nservices: &s\n  a: *s\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

const parts = () =>
  ["order", "payment", "inventory", "shipping"].map((name) => file(`part-${name}.json`));

/** Arguments of each command that reads sources. */
const COMMANDS: readonly (readonly [string, (sources: readonly string[]) => readonly string[]])[] =
  [
    ["check", (sources) => ["check", ...sources]],
    ["draw", (sources) => ["draw", ...sources]],
    ["draw as a picture", (sources) => ["draw", "--format", "svg", ...sources]],
    ["explain", (sources) => ["explain", "order.placed", ...sources]],
    ["manifest", (sources) => ["manifest", ...sources]],
    ["asyncapi", (sources) => ["asyncapi", ...sources]],
    ["diff", (sources) => ["diff", sources.join(","), sources.join(",")]],
  ];

describe.each(COMMANDS)("odori %s", (_, args) => {
  it("prints the same for a module, its manifest and its parts; rejects a cut file", async () => {
    const runs = [[EXAMPLE], [file("order.json")], parts().toReversed(), [file("cut.json")]].map(
      (sources) => odori(args(sources)),
    );
    const [module, manifest, merged, cut] = await Promise.all(runs);
    expect(module).toMatchObject({ status: 0, err: "" });
    const timeless = (text = "") => text.replace(/[\d.]+ ms/, "");
    expect(timeless(manifest?.out)).toBe(timeless(module?.out));
    expect(timeless(merged?.out)).toBe(timeless(module?.out));
    expect(cut).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringMatching(/^MANIFEST_INVALID: .*cut\.json:\d+:\d+: is not valid JSON/s),
    });
  });
});

describe("an invalid source", () => {
  it.each([
    "types.json",
    "bytes.json",
    "hostile.json",
    "circle.yaml",
    "nowhere.json",
    "nowhere.ts",
  ])("%s is rejected with its place", async (name) => {
    const { status, out, err } = await odori(["check", file(name)]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^(MANIFEST_INVALID|FILE_UNREADABLE|MODULE_UNREADABLE): /);
    expect(err).not.toMatch(/\u001b|at .*\.ts:\d+:\d+\)/);
    expect(err).toContain(name);
  });

  it("ten thousand services work, or are rejected with a hint", {
    timeout: 600_000,
  }, async () => {
    const long = file("long.json");
    expect(await odori(["check", long])).toMatchObject({
      status: 0,
      err: "",
      out: expect.stringContaining("10,001 states"),
    });
    expect(await odori(["explain", "link5000.passed", long])).toMatchObject({ status: 0, err: "" });
    expect(await odori(["draw", long, "--service", "link5000"])).toMatchObject({
      status: 0,
      err: "",
    });
    expect(await odori(["draw", long, "--format", "svg"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("PICTURE_TOO_LARGE"),
    });
  });
});

describe("odori check", () => {
  it("prints a counterexample with its repair, and exits with 1", async () => {
    const { status, out } = await odori(["check", file("broken.json")]);
    expect(status).toBe(1);
    expect(out).toContain("✗ STUCK  the saga has no end");
    expect(out).toContain("├────────────────▶│");
    expect(out).toContain("Repair: let order also undo order.placed on payment.declined");
    expect(out).toMatch(/✗ 1 error, 0 warnings \(8 states, 7 transitions, [\d.]+ ms\)/);
  });

  it("--json prints the documented report", async () => {
    const { status, out } = await odori(["check", file("broken.json"), "--json"]);
    expect(status).toBe(1);
    expect(JSON.parse(out)).toEqual({
      ok: false,
      choreography: "case",
      explored: { states: 8, transitions: 7, exhaustive: true, milliseconds: expect.any(Number) },
      findings: [
        {
          code: "STUCK",
          severity: "error",
          message: "the saga has no end: nothing is left to happen",
          at: {},
          trace: [
            {
              service: "order",
              hears: null,
              emits: ["order.placed.v1"],
              does: "begins",
              effect: "order.placed.v1",
            },
            {
              service: "payment",
              hears: "order.placed.v1",
              emits: ["payment.declined.v1"],
              does: "refuses",
            },
          ],
          repairs: [{ service: "order", undoes: "order.placed", alsoOn: ["payment.declined.v1"] }],
          source: { file: expect.stringMatching(/^\.\..*\/broken\.json$/), line: 1, column: 1 },
          docs: "https://odori-dev.github.io/odori/reference/findings/stuck.html",
        },
      ],
      suppressed: [],
      assumptions: [{ code: "NOTHING_PARKED", message: "no delivery is given up on" }],
    });
  });

  it("accepts --mermaid, --crashes, --no-reduction and --states", async () => {
    expect((await odori(["check", file("broken.json"), "--mermaid"])).out).toContain(
      "sequenceDiagram\n  participant p0 as order",
    );
    expect((await odori(["check", EXAMPLE, "--crashes", "--states", "2000"])).out).toMatch(
      /Crash model: 2,00\d states, not exhaustive/,
    );
    expect((await odori(["check", EXAMPLE, "--no-reduction"])).out).toContain(
      "every saga ends well",
    );
    const few = await odori(["check", EXAMPLE, "--states", "3"]);
    expect([
      few.status,
      few.out.includes("NOT_EXHAUSTIVE"),
      few.out.includes("the exploration is not exhaustive"),
    ]).toEqual([3, true, true]);
    expect(JSON.parse((await odori(["check", EXAMPLE, "--states", "3", "--json"])).out).ok).toBe(
      false,
    );
  });

  it("reads rules from odori.config.json, --config and --rule", async () => {
    const vague = {
      odori: 1,
      name: "n",
      begins: ["a.placed.v1"],
      succeeds: ["a.changed.v1"],
      services: {
        a: {
          begins: ["a.placed.v1"],
          reactions: [{ on: ["a.placed.v1"], emits: ["a.changed.v1"] }],
        },
      },
    };
    writeFileSync(file("vague.json"), JSON.stringify(vague));
    expect((await odori(["check", file("vague.json")])).status).toBe(0);
    expect((await odori(["check", file("vague.json"), "--rule", "VAGUE_NAME=error"])).status).toBe(
      1,
    );
    writeFileSync(file("strict.json"), '{ "rules": { "VAGUE_NAME": "error" } }');
    expect(
      (await odori(["check", file("vague.json"), "--config", file("strict.json")])).status,
    ).toBe(1);
    writeFileSync(file("odori.config.json"), '{ "rules": { "VAGUE_NAME": "off" } }');
    expect((await odori(["check", "vague.json"], undefined, folder)).out).toContain("0 warnings");
    rmSync(file("odori.config.json"));
    writeFileSync(file("strict.json"), '{ "rules": { "VAGUE": "error" } }');
    expect(
      await odori(["check", file("vague.json"), "--config", file("strict.json")]),
    ).toMatchObject({
      status: 2,
      err: expect.stringContaining("CONFIG_INVALID"),
    });
  });

  it("--list-rules lists the rules with reasons; a missing source is an error", async () => {
    const { status, out } = await odori(["check", "--list-rules"]);
    expect([status, out.split("\n")[0]]).toEqual([0, "NAME_GRAMMAR (error)"]);
    expect(JSON.parse((await odori(["check", "--list-rules", "--json"])).out).rules).toHaveLength(
      RULES.length,
    );
    expect(await odori(["check"])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^USAGE: check needs at least one source/),
    });
  });

  it("reports a contradiction between manifests", async () => {
    writeFileSync(
      file("rival.json"),
      JSON.stringify({
        odori: 1,
        name: "rival",
        services: {
          rival: { reactions: [{ on: ["order.placed.v1"], emits: ["payment.authorized.v1"] }] },
        },
      }),
    );
    const { status, out } = await odori([
      "check",
      file("order.json"),
      file("rival.json"),
      "--json",
    ]);
    expect(status).toBe(1);
    expect(JSON.parse(out).findings[0]).toMatchObject({
      code: "CONTRADICTION",
      at: { service: "rival", event: "payment.authorized.v1" },
    });
  });
});

describe("odori draw", () => {
  it("picks the format by the extension of --out", async () => {
    for (const [name, beginning] of [
      ["f.svg", "<?xml"],
      ["f.dot", "digraph"],
      ["f.mmd", "flowchart"],
      ["f.txt", "order.placed"],
    ] as const) {
      expect(await odori(["draw", EXAMPLE, "--out", file(name)])).toMatchObject({
        status: 0,
        out: `${file(name)}\n`,
      });
      expect(readFileSync(file(name), "utf8").startsWith(beginning)).toBe(true);
    }
    expect(await odori(["draw", EXAMPLE, "--out", "/nowhere/f.svg"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("FILE_UNREADABLE"),
    });
  });

  it("draws a part, in each format", async () => {
    const { out } = await odori([
      "draw",
      EXAMPLE,
      "--from",
      "inventory.reservation_failed",
      "--hops",
      "2",
    ]);
    expect(out.split("\n")[0]).toContain("inventory.reservation_failed");
    expect(out).not.toContain("shipping");
    expect(
      (await odori(["draw", EXAMPLE, "--service", "shipping", "--format", "mermaid"])).out,
    ).not.toContain("payment.refunded");
    expect(
      JSON.parse((await odori(["draw", EXAMPLE, "--to", "order.placed", "--json"])).out).nodes
        .length,
    ).toBeGreaterThan(1);
    expect(await odori(["draw", EXAMPLE, "--from", "nothing"])).toMatchObject({
      status: 2,
      err: expect.stringContaining("NOT_IN_CHOREOGRAPHY"),
    });
  });
});

describe("odori explain, diff and asyncapi", () => {
  it("explain lists the undos of a failure", async () => {
    const { out } = await odori(["explain", "inventory.reservation_failed", EXAMPLE]);
    expect(out).toContain(
      "1. payment undoes payment.authorized when it hears inventory.reservation_failed",
    );
    expect(
      JSON.parse((await odori(["explain", "order.placed", EXAMPLE, "--json"])).out).begins,
    ).toBe(true);
    expect(await odori(["explain", "nothing", EXAMPLE])).toMatchObject({
      status: 2,
      err: expect.stringContaining("NOT_IN_CHOREOGRAPHY"),
    });
  });

  it("diff exits with 1 if a known consumer breaks", async () => {
    const changed = JSON.parse(readFileSync(file("order.json"), "utf8"));
    changed.events["payment.authorization_failed.v1"].schema.properties.reason.enum.push("fraud");
    writeFileSync(file("changed.json"), JSON.stringify(changed));
    const { status, out } = await odori(["diff", file("order.json"), file("changed.json")]);
    expect(status).toBe(1);
    expect(out).toContain('order: reason may be "fraud", which is not expected');
    expect((await odori(["diff", file("changed.json"), file("order.json"), "--json"])).status).toBe(
      0,
    );
  });

  it("asyncapi writes a document per service, and other commands read it", async () => {
    const { out, status } = await odori(["asyncapi", EXAMPLE, "--split", file("docs")]);
    expect(status).toBe(0);
    const documents = out.trimEnd().split("\n");
    expect(documents).toHaveLength(5);
    expect((await odori(["manifest", ...documents.slice(1)])).out).toBe(
      readFileSync(file("order.json"), "utf8"),
    );
    expect((await odori(["check", documents[0] ?? ""])).out).toContain("every saga ends well");
  });

  it("a foreign document is drawn, and checked without its links", async () => {
    writeFileSync(
      file("account.yaml"),
      `asyncapi: 3.0.0
info: { title: Account Service, version: 1.0.0 }
channels:
  signedup: { address: user/signedup, messages: { UserSignedUp: { payload: { type: object } } } }
operations:
  hear: { action: receive, channel: { $ref: "#/channels/signedup" } }
`,
    );
    const { status, out } = await odori(["check", file("account.yaml")]);
    expect(out).toContain("UNKNOWN_LINKS");
    expect(out).toContain("NEVER_EMITTED");
    expect(status).toBe(1);
    expect((await odori(["draw", file("account.yaml"), "--format", "mermaid"])).out).toContain(
      "account_service",
    );
  });
});
