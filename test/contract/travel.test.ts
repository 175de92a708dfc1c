import { type } from "arktype";
import fc from "fast-check";
import { event, OdoriError } from "odori";
import { decodeJson } from "odori/cloudevents";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseExactly } from "../../src/cloudevents/exact.ts";
import { effectMark } from "../../src/contract/names.ts";

const loose = (schema: z.ZodType) => event("order.placed.v1", schema as z.ZodType<object, object>);
const overTheWire = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe("schema that parses: what travels parses to what the emitter's schema yielded", () => {
  const at = "2026-01-02T03:04:05.000Z";
  const secret = "y";
  const cents = z.number().transform((n) => n * 100);
  const schemas = {
    "an amount in cents": [z.object({ n: cents }), { n: 12, secret }, { n: 12 }],
    "a prefix": [z.object({ sku: z.string().transform((s) => `SKU-${s}`) }), { sku: "7" }],
    "a default": [z.object({ n: z.number().default(3) }), {}, { n: 3 }],
    "a coerced date": [z.object({ at: z.coerce.date() }), { at }],
    "a Date given to a coerced date": [z.object({ at: z.coerce.date() }), { at: new Date(at) }],
    "a bigint": [z.object({ n: z.string().transform(BigInt) }), { n: "9007199254740993" }],
    "a coerced bigint": [z.object({ n: z.coerce.bigint() }), { n: 9007199254740993n }],
    "a Map": [
      z.object({ m: z.array(z.tuple([z.string(), z.number()])).transform((all) => new Map(all)) }),
      { m: [["a", 1]] },
    ],
    "a transform of the whole": [z.object({ a: z.string() }).transform(({ a }) => a), { a: "x" }],
    "renamed fields": [z.object({ a: z.string() }).transform(({ a }) => ({ b: a })), { a: "x" }],
    "a field that is stripped": [z.object({ a: z.string() }), { a: "x", secret }, { a: "x" }],
  } as const satisfies Record<string, readonly [z.ZodType, object, object?]>;
  it.each(Object.entries(schemas))("%s", (_what, [schema, input, travels]) => {
    const contract = loose(schema);
    const fact = contract.from(input);
    const wire = overTheWire(fact.json);
    expect(fact.json).toEqual(wire);
    expect(contract.parse(wire)).toEqual(contract.parse(input));
    expect(fact.data).toEqual(contract.parse(input));
    expect(wire).not.toHaveProperty("secret");
    if (travels !== undefined) expect(wire).toEqual(travels);
  });

  it("a random default travels, also beside a date", () => {
    const id = z.string().default(() => crypto.randomUUID());
    const contract = loose(z.object({ id, at: z.coerce.date() }));
    const fact = contract.from({ at });
    expect(fact.json).toHaveProperty("id");
    expect([contract.parse(fact.json), contract.parse(fact.json)]).toEqual([fact.data, fact.data]);
  });

  it("what would be another payload where it arrives is refused", () => {
    const id = z.string().default(() => crypto.randomUUID());
    const contract = loose(z.object({ id, n: cents }));
    expect(() => contract.from({ n: 1 })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_CHANGES" }),
    );
    expect(contract.parse(contract.from({ id: "1", n: 1 }).json)).toEqual({ id: "1", n: 100 });
  });

  it("a payload that cannot travel is refused", () => {
    for (const value of [new Date(), new Map(), Buffer.from("x")])
      expect(() => loose(z.object({ at: z.custom(() => true) })).from({ at: value })).toThrow(
        expect.objectContaining({ code: "PAYLOAD_NOT_JSON" }),
      );
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(() => loose(z.object({ deep: z.unknown() })).from({ deep: circular })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_NOT_JSON" }),
    );
  });

  it("any mixture of such fields arrives as it was yielded, or is refused", () => {
    const fields = fc.dictionary(
      fc.string({ maxLength: 3, unit: "grapheme" }).filter((key) => key !== "__proto__"),
      fc.constantFrom(...FIELDS),
      { maxKeys: 5 },
    );
    fc.assert(
      fc.property(fields, (chosen) => {
        const entries = Object.entries(chosen);
        const schema = z.object(Object.fromEntries(entries.map(([key, one]) => [key, one.schema])));
        const contract = loose(schema);
        const fact = contract.from(
          Object.fromEntries(entries.map(([key, { input }]) => [key, input])),
        );
        expect(contract.parse(overTheWire(fact.json))).toEqual(fact.data);
      }),
    );
  });
});

/** Each travels in one of the two forms, with any other one of the same form or of both. */
const FIELDS = [
  { schema: z.coerce.date(), input: "2026-01-02T03:04:05.000Z" },
  { schema: z.number().default(3), input: undefined },
  { schema: z.string().transform(BigInt), input: "12" },
  { schema: z.number().transform((n) => n * 100), input: 12 },
  { schema: z.string().trim(), input: " x " },
  { schema: z.array(z.string()).transform((all) => new Set(all)), input: ["a"] },
  { schema: z.string().optional(), input: undefined },
  { schema: z.number(), input: -0 },
];

describe("a schema that throws", () => {
  const throwing = {
    zod: event("order.placed.v1", z.object({ n: z.string().transform((s) => BigInt(s)) })),
    valibot: event(
      "order.placed.v1",
      v.object({
        n: v.pipe(
          v.string(),
          v.transform((s) => BigInt(s)),
        ),
      }),
    ),
    arktype: event("order.placed.v1", type({ n: type("string").pipe((s) => BigInt(s)) })),
  };
  it.each(Object.entries(throwing))(
    "of %s: PAYLOAD_INVALID with its cause",
    async (_, contract) => {
      const rejected: unknown[] = [];
      const listen = (error: unknown) => rejected.push(error);
      process.on("unhandledRejection", listen);
      try {
        for (const read of [contract.parse, contract.from])
          expect(() => read({ n: "abc" })).toThrow(
            expect.objectContaining({ code: "PAYLOAD_INVALID", cause: expect.any(SyntaxError) }),
          );
        // Node reports an unhandled rejection once the queue of microtasks is empty.
        await new Promise((resolve) => setImmediate(resolve));
        expect(rejected).toEqual([]);
        expect(contract.parse({ n: "7" })).toEqual({ n: 7n });
      } finally {
        process.off("unhandledRejection", listen);
      }
    },
  );
});

describe("numbers beyond double", () => {
  const message = (number: string) =>
    `{"specversion":"1.0","id":"1","type":"a.b.v1","source":"/a","sagaid":"s",
      "data":{"n":${number}}}`;
  const read = (number: string) => decodeJson(message(number), { now: 0 }).data;

  it.each(["9007199254740993", "12345678901234567.89", "1152921504606846977", "1e400"])(
    "%s is refused, and never changed",
    (number) => {
      expect(() => read(number)).toThrow(expect.objectContaining({ code: "NUMBER_INEXACT" }));
    },
  );

  it.each([
    "9007199254740991",
    "0.1",
    "1.50",
    "1e3",
    "-0.0000001",
    "123456789012345680000",
    "0.10000000000000001",
    "4.9406564584124654e-324",
    "4.940656458412465e-324",
  ])("%s is read", (number) => {
    expect(read(number)).toEqual({ n: Number(number) });
  });

  it("any number that another language prints with 17 digits is read back", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(read(n.toPrecision(17).replace(/^(-?\d+)$/, "$1.0"))).toEqual({
          n: n === 0 ? 0 : n,
        });
        expect(read(n.toExponential(16))).toEqual({ n: n === 0 ? 0 : n });
      }),
    );
  });

  it("any 64-bit integer is read as itself, or refused", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (n) => {
        try {
          expect(read(String(n))).toEqual({ n: Number(n) });
          // What is read is written as it came.
          expect(BigInt(JSON.stringify(Number(n)))).toBe(n);
        } catch (error) {
          if (!(error instanceof OdoriError)) throw error;
          expect([error.code, Number.isSafeInteger(Number(n))]).toEqual(["NUMBER_INEXACT", false]);
        }
      }),
    );
  });

  it("a number of three megabytes is read, which quadratic time would turn into hours", () => {
    // A run of zeros before another digit made a regular expression look at each suffix.
    const zeros = "0".repeat(3_000_000);
    expect(() => parseExactly(`1${zeros}1`)).toThrow(
      expect.objectContaining({ code: "NUMBER_INEXACT" }),
    );
    expect(parseExactly(`0.${zeros}`)).toBe(0);
  });

  it("any number that JavaScript writes is read back", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        expect(read(JSON.stringify(n))).toEqual({ n: JSON.parse(JSON.stringify(n)) });
      }),
    );
  });
});

describe("nul character", () => {
  it("U+0000 is refused where it is emitted, with its place", () => {
    const contract = event("order.placed.v1", z.object({ note: z.string() }));
    expect(() => contract.from({ note: "a\u0000b" })).toThrow(/data\.note is text with U\+0000/);
    const open = event("order.placed.v1", z.record(z.string(), z.string()));
    expect(() => open.from({ "a\u0000b": "" })).toThrow(/data .* key .* with U\+0000/);
    expect(() => open.from({ "a\ud800b": "" })).toThrow(/data .* key .* lone surrogate/);
  });

  it("an effect's key is stored without it, and different keys stay different", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        const [markA, markB] = [effectMark("paid", a), effectMark("paid", b)];
        expect(markA === markB).toBe(a === b);
        expect(markA).not.toContain("\u0000");
        expect(markA.isWellFormed()).toBe(true);
      }),
    );
  });
});
