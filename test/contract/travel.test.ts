import fc from "fast-check";
import { event } from "odori";
import { decodeJson } from "odori/cloudevents";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { effectMark } from "../../src/choreography/names.ts";

describe("schema that parses: what travels parses to what the emitter's schema yielded", () => {
  const schemas = {
    "an amount in cents": [z.object({ n: z.number().transform((n) => n * 100) }), { n: 12 }],
    "a prefix": [z.object({ sku: z.string().transform((s) => `SKU-${s}`) }), { sku: "7" }],
    "a default": [z.object({ n: z.number().default(3) }), {}],
    "a coerced date": [z.object({ at: z.coerce.date() }), { at: "2026-01-02T03:04:05.000Z" }],
    "a bigint": [z.object({ n: z.string().transform(BigInt) }), { n: "9007199254740993" }],
    "a field that is stripped": [z.object({ a: z.string() }), { a: "x", secret: "y" }],
  } as const;
  it.each(Object.entries(schemas))("%s", (_what, [schema, input]) => {
    const contract = event("order.placed.v1", schema as z.ZodType<object, object>);
    const wire = JSON.parse(JSON.stringify(contract.from(input).data));
    expect(contract.parse(wire)).toEqual(contract.parse(input));
    expect(wire).not.toHaveProperty("secret");
  });

  it("a payload that cannot travel is refused", () => {
    const contract = event("order.placed.v1", z.object({ at: z.date() }));
    expect(() => contract.from({ at: new Date() })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_NOT_JSON" }),
    );
  });
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

  it.each(["9007199254740991", "0.1", "1.50", "1e3", "-0.0000001", "123456789012345680000"])(
    "%s is read",
    (number) => {
      expect(read(number)).toEqual({ n: Number(number) });
    },
  );

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
