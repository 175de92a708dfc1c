import fc from "fast-check";
import { OdoriError } from "odori";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { partsOf } from "../../src/acl/part.ts";
import { isAsyncApi, readAsyncApi } from "../../src/asyncapi/read.ts";
import { toAsyncApi } from "../../src/asyncapi/write.ts";
import { check } from "../../src/check/check.ts";
import { withinTime } from "../../src/contract/bounded.ts";
import { flowOf } from "../../src/draw/flow.ts";
import { toMermaid } from "../../src/draw/mermaid.ts";
import { flowText } from "../../src/draw/text.ts";
import { readManifest, toManifest } from "../../src/manifest/read.ts";
import { parseJsonOrYaml } from "../../src/manifest/text.ts";
import { writeManifest } from "../../src/manifest/write.ts";
import { escapeUnprintable, printable, printableLines } from "../../src/text/printable.ts";
import { SOUND } from "../check/sound.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Any JSON, with the keys and values that a reader looks for. */
const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constantFrom<Json>(null, true, 0, -1, 1e308, "", "a.b.v1", "#", "#/a", "x.json", "send"),
      fc.string({ unit: "binary" }),
    ),
    fc.array(tie("node"), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom(
          ...["$ref", "type", "payload", "channel", "messages", "schema", "on", "emits", "allOf"],
          ...["properties", "required", "minLength", "pattern", "__proto__", "constructor", "x-y"],
        ),
        fc.string({ unit: "binary", maxLength: 5 }),
      ),
      tie("node"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).node;

const foreign = {
  asyncapi: "3.0.0",
  info: { title: "t", version: "1" },
  channels: { c: { address: "c", messages: { m: { payload: { type: "object" } } } } },
  operations: { o: { action: "send", channel: { $ref: "#/channels/c" } } },
};

const documents: readonly unknown[] = [
  ...SOUND.map(({ manifest }) => manifest),
  ...SOUND.slice(0, 4).map(({ manifest }) => toAsyncApi(toManifest(manifest))),
  foreign,
];

/** A document in which one part is something else. */
const changed = fc
  .tuple(fc.constantFrom(...documents), fc.infiniteStream(fc.nat()), fc.nat(12), anyJson)
  .map(([document, turns, depth, put]) => {
    const copy: unknown = structuredClone(document);
    let at: unknown = copy;
    for (let level = 0; level <= depth; level++) {
      if (typeof at !== "object" || at === null) break;
      const keys = Object.keys(at);
      const key = keys[(turns.next().value ?? 0) % Math.max(1, keys.length)];
      const below: unknown = key === undefined ? undefined : Reflect.get(at, key);
      if (key !== undefined && (level === depth || typeof below !== "object" || below === null)) {
        Reflect.set(at, key, put);
        break;
      }
      at = below;
    }
    return copy;
  });

/** Reads a document and does with it what the commands do. Returns what they print. */
function useAll(document: unknown): string {
  const nowhere = () => {
    throw new OdoriError("FILE_UNREADABLE", "It refers to no other document.");
  };
  const manifest = isAsyncApi(document)
    ? readAsyncApi(document, "x.json", nowhere)
    : toManifest(document, "x.json");
  const { findings } = check(manifest, { millisecondsMax: 200 });
  partsOf(manifest);
  toAsyncApi(manifest);
  const text = [...flowText(manifest), ...findings.map(({ message }) => printable(message))];
  return [...text, toMermaid(flowOf(manifest)), writeManifest(manifest)].join("\n");
}

describe("a document from elsewhere, in any form", () => {
  it("is used, or refused with a code; what is printed is printable", { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(changed, (document) => {
        try {
          const text = useAll(document);
          expect(printableLines(text)).toBe(text);
        } catch (error) {
          if (!(error instanceof OdoriError)) throw error;
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it("text that is cut or changed anywhere is read, or refused with a code", {
    timeout: 600_000,
  }, () => {
    const texts = fc
      .constantFrom(...documents.slice(0, 6))
      .chain((document) =>
        fc.tuple(
          fc.constantFrom(
            { file: "x.json", text: JSON.stringify(document) },
            { file: "x.yaml", text: stringify(document) },
          ),
          fc.nat(),
          fc.oneof(
            fc.string({ unit: "binary", maxLength: 4 }),
            fc.constantFrom("&a ", "*a ", "<<: ", "[", "{", "- ", ": ", "!!x ", "\n", "\u0000"),
          ),
          fc.nat(3),
        ),
      );
    fc.assert(
      fc.property(texts, ([{ file, text }, at, put, cut]) => {
        const place = at % text.length;
        try {
          readManifest(text.slice(0, place) + put + text.slice(place + cut), file);
        } catch (error) {
          if (!(error instanceof OdoriError)) throw error;
        }
      }),
      { numRuns: 600 },
    );
  });

  it("aliases of YAML count as what they stand for", () => {
    const lists = fc.array(fc.integer({ min: 2, max: 60 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(lists, (widths) => {
        const lines = widths.map((width, level) => {
          const items = Array(width).fill(level === 0 ? "x" : `*l${level - 1}`);
          return `l${level}: &l${level} [${items.join(", ")}]`;
        });
        // All lists together, written out.
        const nodes = widths.reduce(
          ({ all, last }, width) => ({ all: all + last * width, last: last * width }),
          { all: 0, last: 1 },
        ).all;
        const text = lines.join("\n");
        try {
          expect(JSON.stringify(parseJsonOrYaml("x.yaml", text).value).length).toBeLessThan(
            2 ** 21,
          );
          expect(nodes).toBeLessThan(2 ** 18);
        } catch (error) {
          if (!(error instanceof OdoriError)) throw error;
          expect(Math.max(nodes, lines.join("").split("*").length * 8)).toBeGreaterThan(1_000);
        }
      }),
    );
  });

  it("a key that is written twice has its place", () => {
    expect(() => readManifest("odori: 1\nname: x\nservices: {}\nname: y\n", "x.yaml")).toThrow(
      /x\.yaml:4:1: is not valid YAML: Map keys must be unique/,
    );
  });
});

describe("what is printed", () => {
  it("escapes mean the same, and lines keep nothing but colours", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = escapeUnprintable(JSON.stringify(text));
        expect(JSON.parse(json)).toBe(text);
        expect(printable(json)).toBe(json);
        const lines = printableLines(text);
        expect(printable(lines.replace(/\u001b\[[0-9;]*m|[\t\n]/g, ""))).toBe(
          lines.replace(/\u001b\[[0-9;]*m|[\t\n]/g, ""),
        );
      }),
    );
    expect(printableLines("\u001b[31mred\u001b[0m \u001b[2J\u009b31m\u202e\n")).toBe(
      "\u001b[31mred\u001b[0m \ufffd[2J\ufffd31m\ufffd\n",
    );
  });
});

describe("work in a bounded time", () => {
  it("returns its value, or throws what it throws", () => {
    expect(withinTime(1_000, () => 7)).toEqual({ value: 7 });
    expect(() => withinTime(1_000, () => JSON.parse("{"))).toThrow(SyntaxError);
  });

  it("stops a regular expression that tries all ways to match", () => {
    const text = `text${"x".repeat(40)}`;
    expect(withinTime(50, () => /^textx*(x+x+)+y$/.test(text))).toBeUndefined();
  });
});

describe("examples", () => {
  const documentOf = (schema: Json) =>
    JSON.stringify(
      toAsyncApi(
        toManifest({
          odori: 1,
          name: "x",
          begins: ["a.b.v1"],
          services: { s: { begins: ["a.b.v1"] } },
          events: { "a.b.v1": { schema } },
        }),
      ),
    );

  it("are short: a schema that asks for more has none", () => {
    const long = (minLength: number) =>
      documentOf({
        type: "object",
        required: ["x"],
        properties: { x: { type: "string", minLength, maxLength: 2 * minLength } },
      });
    expect(long(1_000)).toContain("xxxxx");
    for (const minLength of [1_001, 1e10, 1e308]) {
      expect(long(minLength)).not.toContain("examples");
      expect(long(minLength).length).toBeLessThan(4_000);
    }
  });

  it("fit a pattern that takes long to refuse: there is none, and the next schema has one", () => {
    const pattern = documentOf({ type: "string", minLength: 40, pattern: "^textx*(x+x+)+y$" });
    expect(pattern).not.toContain("examples");
    expect(documentOf({ type: "string", pattern: "^te" })).toContain("examples");
  });

  it("a schema with $id or $async has one too", () => {
    const schemas: readonly Json[] = [
      { $id: "https://example.com/a.json", type: "string" },
      { $async: true, type: "string" },
    ];
    for (const schema of schemas) expect(documentOf(schema)).toContain('"payload":"text"');
  });
});
