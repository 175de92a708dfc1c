import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { type } from "arktype";
import fc from "fast-check";
import { choreography, event, service } from "odori";
import { jsonSchema } from "odori/json-schema";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import order from "../../examples/order/choreography.ts";
import { manifestOf, manifestOfServices } from "../../src/manifest/from-code.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { mergeManifests } from "../../src/manifest/merge.ts";
import { ManifestError } from "../../src/manifest/mistakes.ts";
import { readManifest, toManifest } from "../../src/manifest/read.ts";
import { manifestSchema } from "../../src/manifest/schema.ts";
import { toDocument, writeManifest } from "../../src/manifest/write.ts";
import { randomManifest } from "../check/random.ts";

function mistakesOf(text: string, file = "m.json"): readonly string[] {
  try {
    readManifest(text, file);
  } catch (error) {
    if (error instanceof ManifestError)
      return error.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`);
    throw error;
  }
  return [];
}

describe("a manifest", () => {
  it("survives a round trip through its text", () => {
    const same = (manifest: ReturnType<typeof toManifest>) => {
      const text = writeManifest(manifest);
      expect(writeManifest(readManifest(text))).toBe(text);
    };
    fc.assert(fc.property(randomManifest(10), same), { numRuns: 200 });
    same(manifestOf(order));
  });

  it("has sorted keys and no defaults", () => {
    const text = writeManifest(manifestOf(order));
    const keys = Object.keys(JSON.parse(text));
    expect(keys).toEqual([...keys].sort());
    expect(text).not.toContain('"inbox"');
    expect(text).not.toContain('"onEmpty"');
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("fits the published schema", () => {
    const published = JSON.parse(
      readFileSync(fileURLToPath(new URL("../../manifest.schema.json", import.meta.url)), "utf8"),
    );
    expect(published).toEqual(JSON.parse(JSON.stringify(manifestSchema)));
    const valid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(published);
    expect(valid(JSON.parse(writeManifest(manifestOf(order))))).toBe(true);
    expect(valid({ odori: 2, name: "x", services: {} })).toBe(false);
  });

  it("is the same from code as by hand", () => {
    const payload = z.object({ id: z.string() });
    const begun = event("a.begun.v1", payload, { summary: "Begun." });
    const [done, failed, late, expired, undone] = (
      ["a.done.v1", "a.failed.v1", "a.came_late.v1", "a.expired.v1", "a.undone.v1"] as const
    ).map((type) => event(type, payload));
    if (!done || !failed || !late || !expired || !undone) throw new Error("unreachable");
    const a = service("a", { mayPark: true, suppress: { PROLIFERATION: "small" } })
      .begins(begun)
      .on(begun, {
        name: "first",
        emits: [[done, late], []],
        fails: [failed],
        firstOf: "end",
        late: { emits: [late], handle: ({ data }) => late(data) },
        onParked: { emits: failed, handle: () => failed({ id: "x" }) },
        suppress: { DEAD_REACTION: "not yet" },
        handle: () => [],
      })
      .undo(begun, {
        on: [failed],
        onEmpty: "silent",
        emits: [undone],
        handle: ({ data }) => undone(data),
      })
      .onAll([done, late], { name: "both", readonly: true, handle: () => {} })
      .deadline(begun, { after: "90s", unless: [done], emits: [expired] });
    const manifest = manifestOf(
      choreography("all", {
        services: [a],
        begins: [begun],
        succeeds: [done],
        fails: [undone],
        arrives: [expired],
        locks: [{ name: "l", acquire: begun, release: [done] }],
      }),
    );
    expect(JSON.parse(writeManifest(manifest)).services.a).toEqual({
      begins: ["a.begun.v1"],
      mayPark: true,
      suppress: { PROLIFERATION: "small" },
      reactions: [
        {
          name: "first",
          on: ["a.begun.v1"],
          emits: [["a.done.v1", "a.came_late.v1"], []],
          fails: ["a.failed.v1"],
          once: "end",
          late: ["a.came_late.v1"],
          onParked: "a.failed.v1",
          suppress: { DEAD_REACTION: "not yet" },
        },
        { on: ["a.failed.v1"], undoes: "a.begun", emits: ["a.undone.v1"], onEmpty: "silent" },
        { name: "both", all: ["a.done.v1", "a.came_late.v1"], readonly: true },
      ],
      deadlines: [
        { after: "a.begun.v1", within: "PT1M30S", unless: ["a.done.v1"], emits: "a.expired.v1" },
      ],
    });
    expect(manifest.events.get("a.begun.v1")).toMatchObject({
      summary: "Begun.",
      schema: { type: "object", required: ["id"] },
    });
  });

  it("describes a payload as open if its schema ignores unknown fields", () => {
    const [open, closed, plain] = [
      event("a.opened.v1", z.object({ id: z.string() })),
      event("a.closed.v1", z.strictObject({ id: z.string() })),
      event(
        "a.plain.v1",
        jsonSchema<{ id: string }>({
          type: "object",
          properties: { id: { type: "string" } },
          required: ["id"],
        }),
      ),
    ];
    expect(open.toJsonSchema()).not.toHaveProperty("additionalProperties");
    expect(closed.toJsonSchema()).toMatchObject({ additionalProperties: false });
    expect(plain.toJsonSchema()).toMatchObject({ required: ["id"] });
  });

  it("manifest-of-parsing-schemas: a consumer needs what it accepts", () => {
    const filled = event(
      "order.placed.v1",
      z.object({ orderId: z.string(), currency: z.string().default("JPY") }),
    );
    const order = service("order").begins(filled);
    const mail = service("mail").on(filled, { handle() {} });
    const needed = manifestOfServices("mail", [mail]);
    const promised = manifestOfServices("order", [order]);
    const required = ({ events }: Manifest) => events.get(filled.type)?.schema;
    expect(required(needed)).toMatchObject({ required: ["orderId"] });
    expect(required(promised)).toMatchObject({ required: ["orderId", "currency"] });
    const both = manifestOfServices("shop", [order, mail]);
    expect(required(both)).toMatchObject({ required: ["orderId", "currency"] });
    expect(both.views.get("mail")?.get(filled.type)).toMatchObject({ required: ["orderId"] });
    // An emitter that does not know the field contradicts no consumer that fills it.
    const bare = event("order.placed.v1", z.object({ orderId: z.string() }));
    const other = manifestOfServices("order", [service("order").begins(bare)]);
    const { contradictions } = mergeManifests([
      { manifest: other, from: "order" },
      { manifest: needed, from: "mail" },
    ]);
    expect(contradictions).toEqual([]);
  });

  const orderId = z.string();
  it.each([
    ["a transform", z.object({ orderId, at: z.string().transform((s) => s.trim()) })],
    ["a coerced date", z.object({ orderId, at: z.coerce.date() })],
    ["a custom check", z.object({ orderId, at: z.custom(() => true) })],
    ["a bigint", z.object({ orderId, at: z.string().transform(BigInt) })],
    ["a morph of arktype", type({ orderId: "string", at: "string.date.parse" })],
    ["an instance in arktype", type({ orderId: "string", at: "Date" })],
  ])("%s in one field: the others stay known", (_what, schema) => {
    const contract = event("order.placed.v1", schema);
    const manifest = manifestOfServices("order", [service("order").begins(contract)]);
    expect(manifest.events.get("order.placed.v1")?.schema).toMatchObject({
      properties: { orderId: { type: "string" } },
      required: expect.arrayContaining(["orderId"]),
    });
  });

  it("a codec travels as its input, so its input is what is promised", () => {
    const contract = event("order.placed.v1", z.object({ paid: z.stringbool() }));
    expect(contract({ paid: "yes" }).json).toEqual({ paid: "yes" });
    const manifest = manifestOfServices("order", [service("order").begins(contract)]);
    expect(manifest.events.get("order.placed.v1")?.schema).toMatchObject({
      properties: { paid: { type: "string" } },
    });
  });

  it("of services alone has beginnings and no ends", () => {
    const manifest = manifestOfServices("shop", order.services);
    expect([manifest.begins, manifest.succeeds]).toEqual([["order.placed.v1"], []]);
  });

  it("may be YAML", () => {
    const yaml = "odori: 1\nname: y\nservices:\n  a:\n    reactions:\n      - on: [a.b.v1]\n";
    expect(readManifest(yaml, "m.yaml").services.get("a")?.reactions[0]?.hears).toEqual(["a.b.v1"]);
  });
});

describe("a mistake has its place", () => {
  const around = (service: string) =>
    `{ "odori": 1, "name": "n",\n  "services": { "a":\n${service}\n} }`;

  it.each([
    ["cut off", '{ "odori": 1,\n  "name": "n', "2:13 is not valid JSON"],
    ["empty", "", "1:1 is not valid JSON"],
    ["an array", "[1, 2]", "1:1 is an array, but must be object"],
    ["null", "null", "1:1 is null, but must be object"],
    [
      "a misspelled key",
      around('{ "reaction": [] }'),
      '3:15 is not allowed here; did you mean "reactions"?',
    ],
    [
      "a wrong type",
      around('{ "reactions": [{ "on": "a.b.v1" }] }'),
      "3:25 is a string, but must be array",
    ],
    [
      "an outcome of numbers",
      around('{ "reactions": [{ "on": ["a.b.v1"], "emits": [7] }] }'),
      "3:47 is a number, but must be an event type",
    ],
    [
      "a reaction that hears nothing",
      around('{ "reactions": [{ "emits": ["a.b.v1"] }] }'),
      '3:17 hears nothing: add "on" or "all"',
    ],
    [
      "a reaction with on and all",
      around('{ "reactions": [{ "on": ["a.b.v1"], "all": ["a.b.v1", "a.c.v1"] }] }'),
      '3:44 has both "on" and "all"',
    ],
    [
      "late without once or max",
      around('{ "reactions": [{ "on": ["a.b.v1"], "late": [[]] }] }'),
      '3:45 needs "once" or "max"',
    ],
    [
      "an outcome that is a success and a failure",
      around('{ "reactions": [{ "on": ["a.b.v1"], "emits": ["a.c.v1"], "fails": ["a.c.v1"] }] }'),
      "3:68 is declared twice",
    ],
    [
      "a duration",
      around('{ "deadlines": [{ "after": "a.b.v1", "within": "soon", "emits": "a.c.v1" }] }'),
      '3:48 "soon" is not a duration',
    ],
    [
      "an unknown version of the format",
      '{ "odori": 2, "name": "n", "services": {} }',
      '1:12 is "2", but must be "1"',
    ],
    [
      "an end that is a success and a failure",
      '{ "odori": 1, "name": "n", "succeeds": ["a.b.v1"], "fails": ["a.b.v1"], "services": {} }',
      "1:62 ",
    ],
    [
      "unprintable characters in a name",
      around('{ "reactions": [{ "on": ["a.\\u202eb.v1"] }] }'),
      "3:26 ",
    ],
  ])("%s", (_, text, expected) => {
    expect(mistakesOf(text)[0]).toContain(expected);
  });

  it("lists up to 100 mistakes, and shows ten", () => {
    const reactions = Array.from({ length: 300 }, () => "{}").join(",");
    const text = around(`{ "reactions": [${reactions}] }`);
    expect(mistakesOf(text).length).toBe(100);
    expect(() => readManifest(text, "m.json")).toThrow(/and 90 more/);
  });

  it("a name such as __proto__ is an ordinary name", () => {
    const text =
      '{ "odori": 1, "name": "n", "begins": ["__proto__"],' +
      ' "services": { "__proto__": { "begins": ["__proto__"] }, "constructor": {} } }';
    const manifest = readManifest(text);
    expect([...manifest.services.keys()]).toEqual(["__proto__", "constructor"]);
    expect(Object.keys(JSON.parse(writeManifest(manifest)).services)).toContain("constructor");
    expect(writeManifest(manifest)).toContain('"__proto__"');
    expect(({} as Record<string, unknown>).begins).toBeUndefined();
  });

  it("rejects a bomb of YAML aliases", () => {
    const levels = Array.from(
      { length: 30 },
      (_, level) =>
        `l${level}: &l${level} [${
          level === 0
            ? '"x"'
            : Array(9)
                .fill(`*l${level - 1}`)
                .join(", ")
        }]`,
    );
    expect(mistakesOf(`${levels.join("\n")}\n`, "bomb.yaml")[0]).toContain("is not valid YAML");
  });
});

describe("merging", () => {
  const one = (name: string, more: object) => ({
    from: `${name}.json`,
    manifest: toManifest({ odori: 1, name, ...more }),
  });
  const id = { type: "object", properties: { id: { type: "string" } }, required: ["id"] };
  const both = {
    type: "object",
    properties: { id: { type: "string" }, cents: { type: "integer" } },
    required: ["id", "cents"],
  };
  const emitter = (schema: object) =>
    one("payment", {
      events: { "payment.charged.v1": { schema } },
      services: {
        payment: { reactions: [{ on: ["order.placed.v1"], emits: ["payment.charged.v1"] }] },
      },
    });
  const hearer = (schema: object) =>
    one("stock", {
      events: { "payment.charged.v1": { schema } },
      services: {
        stock: { reactions: [{ on: ["payment.charged.v1"], emits: ["stock.reserved.v1"] }] },
      },
    });

  it("gives the same whole in any order", () => {
    const whole = manifestOf(order);
    const parts = [...whole.services].map(([name, entry]) => ({
      from: name,
      manifest: {
        ...whole,
        name,
        services: new Map([[name, entry]]),
        ...(name !== "order" && { begins: [], succeeds: [], fails: [] }),
      },
    }));
    for (const sources of [parts, parts.toReversed()]) {
      const { manifest, contradictions } = mergeManifests(sources);
      expect(contradictions).toEqual([]);
      expect(writeManifest(manifest)).toBe(writeManifest(whole));
    }
  });

  it("a consumer may read fewer fields than the producer sends", () => {
    const { manifest, contradictions } = mergeManifests([emitter(both), hearer(id)]);
    expect(contradictions).toEqual([]);
    expect(manifest.events.get("payment.charged.v1")?.schema).toEqual(both);
    expect(manifest.views.get("stock")?.get("payment.charged.v1")).toEqual(id);
  });

  it("a consumer may not require more", () => {
    const { contradictions } = mergeManifests([hearer(both), emitter(id)]);
    expect(contradictions.map(({ message }) => message)).toEqual([
      '"stock" expects more of payment.charged.v1 than "payment.json" promises: ' +
        "cents is missing, but is required",
    ]);
  });

  it("reports two owners, two declarations, and two meanings of one end", () => {
    const other = one("bank", {
      fails: ["stock.reserved.v1"],
      services: {
        bank: { reactions: [{ on: ["order.placed.v1"], emits: ["payment.charged.v1"] }] },
        stock: {},
      },
    });
    const ends = one("ends", { succeeds: ["stock.reserved.v1"], services: {} });
    const { contradictions } = mergeManifests([emitter(id), hearer(id), other, ends]);
    expect(contradictions.map(({ message }) => message).sort()).toEqual([
      'payment.charged.v1 is emitted by "payment" in "payment.json" and by "bank" in "bank.json"',
      "stock.reserved.v1 is a success in one manifest and a failure in another",
      'the service "stock" is declared differently in "stock.json" and "bank.json"',
    ]);
  });

  it("joins the names of the manifests", () => {
    const { manifest } = mergeManifests([emitter(id), hearer(id)]);
    expect(toDocument(manifest).name).toBe("payment+stock");
  });
});
