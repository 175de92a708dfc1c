import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { odori, type Ran, ROOT } from "../support/command.ts";
import { temporaryFolder } from "../support/scope.ts";

const folder = temporaryFolder("lint");
afterAll(() => folder[Symbol.dispose]());

function file(name: string, text: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
}

const codes = ({ out }: Ran) =>
  JSON.parse(out).findings.map(({ code }: { readonly code: string }) => code);

/** The command with a text on its standard input. */
function withInput(text: string, ...more: readonly string[]): Promise<Ran> {
  const flags = ["--conditions=odori-source", "--disable-warning=ExperimentalWarning"];
  const program = join(ROOT, "src", "cli", "main.ts");
  const child = spawn(process.execPath, [...flags, program, "lint", "-", ...more]);
  const read = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (read.out += chunk));
  child.stderr.on("data", (chunk) => (read.err += chunk));
  child.stdin.end(text);
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ status: code ?? "?", ...read }));
  });
}

const LIST = `
- order.placed.v1
- stock.reserved.v1
- { name: order.stock_checked.v1, by: order, data: [orderId] }
- name: payment.authorized.v1
  by: payment
  data: [orderId, 電話番号, { name: amount, type: float }]
- { name: payment.refund.v1, by: order, data: { orderId: string, reason: string } }
- { name: payment.settled.v1, suppress: { SYNONYM: none }, sensitive: [email], data: [id, email] }
`;

describe("odori lint judges a list of events", () => {
  it("in YAML: names, owners and payloads", async () => {
    const { status, out, err } = await odori(["lint", file("events.yaml", LIST)]);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toContain("! COMMAND_NAME  payment.refund.v1 reads as a command, not as a fact");
    expect(out).toContain("Perhaps payment.refunded.v1.");
    expect(out).toMatch(/✓ no errors, 5 warnings \(6 events\)\n( {2}See \S+\.html\n){5}$/);
    expect(codes(await odori(["lint", file("events.yaml", LIST), "--json"])).sort()).toEqual([
      "COMMAND_NAME",
      "FLOAT_MONEY",
      "FOREIGN_EMIT",
      "OUTSIDER",
      "PERSONAL_DATA",
    ]);
  });

  it.each([
    ["a mapping in JSON", "map.json", `{ "order.place.v1": ["orderId"], "order.paid.v1": null }`],
    ["under a key", "key.yaml", "events:\n  - order.place.v1\n  - order.paid.v1\n"],
    ["a mapping with fields", "map.yaml", "order.place.v1: { data: { orderId: string } }"],
  ])("%s", async (_, name, text) => {
    const { status, out } = await odori(["lint", file(name, text)]);
    expect([status, out.split("  ")[0]]).toEqual([0, "! COMMAND_NAME"]);
  });

  it("from standard input, even a line of names", async () => {
    const line = await withInput("order.placed.v1 DoPayment", "--json");
    expect([line.status, JSON.parse(line.out)]).toMatchObject([
      1,
      { ok: false, events: ["order.placed.v1", "DoPayment"], suppressed: [] },
    ]);
    expect(codes(line)).toEqual(["NAME_GRAMMAR", "COMMAND_NAME"]);
    const manifest = `{ "odori": 1, "name": "x", "services": {}, "begins": ["order.place.v1"] }`;
    expect(codes(await withInput(manifest, "--json"))).toEqual(["COMMAND_NAME"]);
  });

  it("beside other sources", async () => {
    const list = file("more.yaml", "- order.placing.v1\n");
    const example = join(ROOT, "examples", "order", "choreography.ts");
    const { status, out } = await odori(["lint", example, list, "--json"]);
    expect([status, codes({ status, out, err: "" })]).toEqual([0, ["UNFINISHED_NAME"]]);
  });

  it("beside an overlay of services of others", async () => {
    const foreign = join(ROOT, "examples", "foreign");
    const { status, err } = await odori(["lint", "order.yaml", "links.yaml"], undefined, foreign);
    expect([status, err]).toEqual([0, ""]);
  });

  it("with rules from flags and the configuration", async () => {
    const list = file("rules.yaml", "- order.place.v1\n");
    const strict = await odori(["lint", list, "--rule", "COMMAND_NAME=error"]);
    expect([strict.status, strict.out.split("  ")[0]]).toEqual([1, "✗ COMMAND_NAME"]);
    const off = file("off.json", `{ "rules": { "COMMAND_NAME": "off" } }`);
    expect((await odori(["lint", list, "--config", off])).out).toBe(
      "✓ no errors, 0 warnings (1 event)\n",
    );
  });

  it("accepts a finding for a reason", async () => {
    const text = `- { name: order.place.v1, suppress: { COMMAND_NAME: "as it is known here" } }`;
    const { status, out } = await odori(["lint", file("accepted.yaml", text), "--json"]);
    expect([status, JSON.parse(out).findings, JSON.parse(out).suppressed]).toMatchObject([
      0,
      [],
      [{ code: "COMMAND_NAME", reason: "as it is known here" }],
    ]);
  });
});

describe("odori lint refuses", () => {
  it.each([
    ["a number", "[1]", /:1:2: \[0\]: is neither a name nor an event with a name/],
    ["fields that are a number", "- { name: a.b.v1, data: 3 }", /\[0\]\.data: is neither a list/],
    ["a service that is a list", "- { name: a.b.v1, by: [] }", /\[0\]\.by: is not the name/],
    ["an unknown key", "- { name: a.b.v1, schemas: {} }", /schemas/],
    ["nothing", "", /is not a list of events/],
    ["control characters", `- "a\\u001b.b.v1"`, /contains unprintable characters/],
    ["too many events", JSON.stringify(Array(10_001).fill("a.b.v1")), /the limit is 10000/],
  ])("%s", async (_, text, message) => {
    const { status, out, err } = await odori(["lint", file("wrong.yaml", text)]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toMatch(/^MANIFEST_INVALID: /);
    expect(err).toMatch(message);
  });

  it("no source", async () => {
    expect(await odori(["lint"])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^USAGE: lint needs at least one source/),
    });
  });

  it("a device in place of a module", async () => {
    expect(await odori(["lint", "/dev/zero"])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/^MODULE_UNREADABLE: .*not a regular file/),
    });
  });

  it("a name of the language does no harm", async () => {
    const list = file(
      "proto.json",
      `{ "__proto__": ["id"], "constructor": { "by": "__proto__" } }`,
    );
    const { status, out } = await odori(["lint", list, "--json"]);
    expect([status, JSON.parse(out).events]).toEqual([1, ["constructor", "__proto__"]]);
  });
});
