import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { odori, ROOT } from "../support/command.ts";

/*
 * Manifests and AsyncAPI documents come from other repositories. No command reads, runs or writes
 * what one of them has chosen, and each ends within seconds.
 */

const SECRET = "c2VjcmV0";
const LIMIT_MS = 25_000;
/** Control characters, and those that turn the direction of text; not line breaks and tabs. */
const UNPRINTABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

let parent = "";
let folder = "";
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), "odori-untrusted-"));
  folder = join(parent, "documents");
  cpSync(join(ROOT, "test", "cli", "untrusted"), folder, { recursive: true });
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);
  writeFileSync(join(parent, "dockerconfig.json"), JSON.stringify({ auths: { secret: SECRET } }));
  expect(spawnSync("mkfifo", [join(folder, "fifo.json")]).status).toBe(0);
  symlinkSync(join(parent, "dockerconfig.json"), join(folder, "inside.json"));
  put("ref-link.json", refersTo("inside.json#/auths"));
  symlinkSync(parent, join(folder, "up"));
  put("ref-folder.json", refersTo("up/dockerconfig.json#/auths"));
  put("ref-device.json", refersTo("device.json"));
  symlinkSync("/dev/zero", join(folder, "device.json"));
  put("ref-absolute.json", refersTo(join(parent, "dockerconfig.json")));
  put("ref-encoded.json", refersTo("..%2fdockerconfig.json#/auths"));
  const list = `[${Array(1_000).fill("x").join(",")}]`;
  const aliases = (of: string) => `[${Array(30).fill(`*${of}`).join(",")}]`;
  const bomb = [
    "odori: 1",
    "name: x",
    "services: {}",
    `x-a: &a ${list}`,
    `x-b: &b ${aliases("a")}`,
  ];
  put("bomb2.yaml", `${[...bomb, `x-c: ${aliases("b")}`].join("\n")}\n`);
  const keys = Array.from({ length: 40_000 }, (_, i) => `  k${i}: 1`);
  put("wide.yaml", `odori: 1\nname: x\nx-wide:\n${keys.join("\n")}\nservices: {}\n`);
  put("exponential.json", withSchema(exponential()));
  const anchor = "a: &a { on: [x], emits: [y] }";
  put("links.yaml", `odori-links: 1\nx-${anchor}\nservices: { s: { reactions: [*a] } }\n`);
  put("links-bomb.yaml", `odori-links: 1\nservices: {}\n${[...bomb.slice(3)].join("\n")}\n`);
  put("links-names.yaml", 'odori-links: 1\nnames: { "\\e[31m": "\\u202e" }\nservices: {}\n');
  put("links-circle.yaml", "odori-links: 1\nnames: { a: b, b: a }\nservices: {}\n");
  put("two.json", refersTo("x").replace("3.0.0", "2.6.0"));
  put("names.json", refersTo("x").replace('"payload"', '"name":"\\u001b[31m\\n# x: \\u202e","x"'));
  put("async.json", withSchema({ $async: true, type: "object", required: ["x"] }));
  mkdirSync(join(folder, "out"));
});
afterAll(() => rmSync(parent, { recursive: true }));

function refersTo(reference: string): string {
  const messages = { m: { payload: { $ref: reference } } };
  return JSON.stringify({
    asyncapi: "3.0.0",
    info: { title: "t", version: "1" },
    channels: { c: { address: "c", messages } },
    operations: { o: { action: "send", channel: { $ref: "#/channels/c" } } },
  });
}

function withSchema(schema: unknown): string {
  const services = { s: { begins: ["a.b.v1"] } };
  const events = { "a.b.v1": { schema } };
  return JSON.stringify({ odori: 1, name: "x", services, begins: ["a.b.v1"], events });
}

/** Each part is checked twice by the part above it: 2^40 checks. */
function exponential(): unknown {
  const parts = Array.from({ length: 40 }, (_, i) => {
    const next = { $ref: `#/$defs/p${i + 1}` };
    return [`p${i}`, { allOf: [next, { properties: { x: next } }, next] }] as const;
  });
  return { $ref: "#/$defs/p0", $defs: { ...Object.fromEntries(parts), p40: { type: "null" } } };
}

const COMMANDS = [
  ["check", "--seconds", "5"],
  ["check", "--json", "--crashes", "--seconds", "5"],
  ["manifest"],
  ["asyncapi"],
  ["asyncapi", "--json"],
  ["draw"],
  ["draw", "--format", "mermaid"],
  ["acl", "--kafka"],
  ["link", "init"],
  ["link", "init", "--json"],
] as const;

/** What must be refused, and why. The other files may be read. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  "ref-fifo.json": /^FILE_UNREADABLE: .*fifo\.json.*not a regular file/,
  "ref-device.json": /^MANIFEST_INVALID: [\s\S]*leaves the folder/,
  "ref-steal.json": /^MANIFEST_INVALID: [\s\S]*leaves the folder/,
  "ref-link.json": /^MANIFEST_INVALID: [\s\S]*leaves the folder/,
  "ref-folder.json": /^MANIFEST_INVALID: [\s\S]*leaves the folder/,
  "ref-absolute.json": /^FILE_UNREADABLE: /,
  "ref-encoded.json": /^FILE_UNREADABLE: /,
  "bomb2.yaml": /^MANIFEST_INVALID: [\s\S]*aliases stand for too many nodes/,
  "merge.yaml": /^MANIFEST_INVALID: /,
  "wide.yaml": /^($|USAGE: )/,
  "links-names.yaml": /^MANIFEST_INVALID: [\s\S]*unprintable/,
  "links-circle.yaml": /^MANIFEST_INVALID: [\s\S]*has another name itself/,
  "two.json": /^CONVERTER_MISSING: /,
  "names.json": /^MANIFEST_INVALID: [\s\S]*unprintable/,
};
const FILES = [
  ...readdirSync(join(ROOT, "test", "cli", "untrusted")),
  ...["ref-link.json", "ref-folder.json", "ref-device.json", "ref-absolute.json"],
  ...["links.yaml", "links-bomb.yaml", "links-names.yaml", "links-circle.yaml"],
  ...["two.json", "names.json"],
  ...["ref-encoded.json", "bomb2.yaml", "wide.yaml", "exponential.json", "async.json"],
];

describe("a document from elsewhere", () => {
  it.each(FILES)(
    "%s ends within seconds, and prints what is printable",
    {
      timeout: 600_000,
    },
    async (name) => {
      for (const command of COMMANDS) {
        const began = performance.now();
        const { status, out, err } = await odori([...command, name], undefined, folder);
        const took = performance.now() - began;
        const what = `${command.join(" ")}: ${err}`;
        expect([what, took < LIMIT_MS]).toEqual([what, true]);
        expect([0, 1, 2], what).toContain(status);
        if (status === 2) expect(err + out).toMatch(/[A-Z_]+/);
        expect(err, what).not.toMatch(/HANDLER_FAILED|at .*\.ts:\d+:\d+\)/);
        expect(out.length, what).toBeLessThan(1_000_000);
        expect(out + err, what).not.toContain(SECRET);
        expect(out + err, what).not.toMatch(UNPRINTABLE);
        const reason = REFUSED[name];
        if (reason !== undefined && !command.some((word) => word === "--json"))
          expect(err, what).toMatch(reason);
      }
      expect(readdirSync(folder).filter((file) => file.startsWith("PWNED"))).toEqual([]);
    },
  );

  it("--seconds bounds all work of check, also what is not exploration", async () => {
    const types = Array.from({ length: 10_000 }, (_, i) => `a.b${i}.v1`);
    const a = { begins: ["a.x.v1"], reactions: [{ on: ["a.x.v1"], emits: [types] }] };
    const b = types.slice(0, 3_000).map((type) => ({ on: [type], emits: [`b.${type.slice(2)}`] }));
    const services = { a, b: { reactions: b } };
    const crowded = { odori: 1, name: "x", begins: ["a.x.v1"], services };
    writeFileSync(join(folder, "crowded.json"), JSON.stringify(crowded));
    const began = performance.now();
    const command = ["check", "--crashes", "--seconds", "1", "crowded.json"];
    const { status, err } = await odori(command, undefined, folder);
    expect(performance.now() - began).toBeLessThan(LIMIT_MS);
    if (status === 2) expect(err).toMatch(/^CHECK_TIMEOUT: .* after 1 seconds/);
    else expect([0, 1]).toContain(status);
  });

  it.each([["--json"], []])(
    "asyncapi %s of a very wide manifest ends, with a code",
    async (...more) => {
      const types = Array.from({ length: 10_000 }, (_, i) => `a.b${i}.v1`);
      const a = { begins: types };
      const wide = (reactions: readonly unknown[]) =>
        JSON.stringify({ odori: 1, name: "x", services: { a, b: { reactions } }, begins: types });
      // Each operation would name all types: a gigabyte.
      writeFileSync(join(folder, "square.json"), wide([{ name: "r", on: types, emits: [] }]));
      const square = await odori(["asyncapi", ...more, "square.json"], undefined, folder);
      expect(square.status).toBe(2);
      expect(square.out + square.err).toMatch(/DOCUMENT_TOO_LARGE/);
      writeFileSync(
        join(folder, "rows.json"),
        wide(types.map((type) => ({ on: [type], emits: [] }))),
      );
      const began = performance.now();
      const command = ["asyncapi", ...more, "--seconds", "1", "rows.json"];
      const { status, err, out } = await odori(command, undefined, folder);
      expect(performance.now() - began).toBeLessThan(LIMIT_MS);
      if (status === 2)
        expect(out + err).toMatch(/DOCUMENT_TOO_LARGE[\s\S]*(after 1 seconds|larger than any)/);
      else expect(status).toBe(0);
    },
  );

  it("the unprintable is escaped in JSON and YAML, and means the same when read", async () => {
    const written = await odori(["manifest", "term.json"], undefined, folder);
    const yaml = await odori(["asyncapi", "term.json"], undefined, folder);
    writeFileSync(join(folder, "out", "again.json"), written.out);
    writeFileSync(join(folder, "out", "again.yaml"), yaml.out);
    for (const file of ["again.json", "again.yaml"]) {
      const again = await odori(["manifest", join("out", file)], undefined, folder);
      expect(again).toMatchObject({ status: 0, out: written.out });
    }
    expect(written.out).toContain("\\u202e evil");
  });
});
