import { type } from "arktype";
import fc from "fast-check";
import { event } from "odori";
import { jsonSchema } from "odori/json-schema";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkAttribute } from "../../src/contract/envelope.ts";
import { DEPTH_MAX, toPlain } from "../../src/contract/plain.ts";

const libraries = {
  zod: event("order.placed.v1", z.object({ orderId: z.string(), amount: z.int().positive() })),
  valibot: event(
    "order.placed.v1",
    v.object({ orderId: v.string(), amount: v.pipe(v.number(), v.integer(), v.minValue(1)) }),
  ),
  arktype: event("order.placed.v1", type({ orderId: "string", amount: "number.integer > 0" })),
  "JSON Schema": event(
    "order.placed.v1",
    jsonSchema<{ orderId: string; amount: number }>({
      type: "object",
      required: ["orderId", "amount"],
      properties: { orderId: { type: "string" }, amount: { type: "integer", minimum: 1 } },
    }),
  ),
};

describe.each(Object.entries(libraries))("a contract with %s", (_name, placed) => {
  it("makes a fact of what fits", () => {
    const fact = placed({ orderId: "o", amount: 1 }, { subject: "o" });
    expect(fact).toMatchObject({
      type: "order.placed.v1",
      data: { orderId: "o", amount: 1 },
      subject: "o",
    });
    expect(placed.domain).toBe("order");
  });

  it("refuses what does not, and says where", () => {
    expect(() => placed({ orderId: "o", amount: 0 })).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_INVALID",
        message: expect.stringContaining("amount"),
      }),
    );
    for (const data of [null, undefined, "text", 1, [], {}, { orderId: 1, amount: 1 }]) {
      expect(() => placed.from(data)).toThrow(expect.objectContaining({ code: "PAYLOAD_INVALID" }));
    }
  });

  it("makes facts that cannot be changed, and leaves what it was given as it was", () => {
    const given = { orderId: "o", amount: 1 };
    const fact = placed(given);
    expect(Object.isFrozen(fact.data)).toBe(true);
    expect(Object.isFrozen(given)).toBe(false);
  });
});

describe("contracts", () => {
  it("convert only older versions of the same event", () => {
    const schema = z.object({ id: z.string() });
    const [v1, v2] = [event("a.done.v1", schema), event("a.done.v2", schema)];
    const other = event("a.failed.v1", schema);
    const newer = event("a.done.v3", schema, { from: [v1, (old) => old], to: [v2, (now) => now] });
    expect([newer.upcast?.contract, newer.downcast?.contract]).toEqual([v1, v2]);
    const wrong = [
      () => event("a.done.v2", schema, { from: [other, (old) => old] }),
      () => event("a.done.v1", schema, { to: [v2, (now) => now] }),
      () => event("a.done.v1", schema, { from: [v1, (old) => old] }),
    ];
    for (const make of wrong)
      expect(make).toThrow(expect.objectContaining({ code: "DECLARATION_INVALID" }));
  });

  it.each([
    "order",
    "order.placed",
    "Order.placed.v1",
    "order.placed.v0",
    "order.placed.v1.2",
    "order-x.placed.v1",
    "order.placed_.v1",
    "order..v1",
    " order.placed.v1",
    "order.placed.v1\n",
    `${"x".repeat(200)}.placed.v1`,
  ])("%j is not a type name", (name) => {
    const make: (type: never, schema: z.ZodObject) => unknown = event;
    expect(() => make(name as never, z.object({}))).toThrow(
      expect.objectContaining({ code: "NAME_GRAMMAR" }),
    );
  });

  it("an asynchronous schema is refused", () => {
    const slow = event("order.placed.v1", z.object({ id: z.string().refine(async () => true) }));
    expect(() => slow({ id: "1" })).toThrow(expect.objectContaining({ code: "SCHEMA_UNUSABLE" }));
  });

  it("a schema of no library is refused, with a hint", () => {
    const make: (type: "order.placed.v1", schema: never) => unknown = event;
    expect(() => make("order.placed.v1", { type: "object" } as never)).toThrow(
      expect.objectContaining({
        code: "SCHEMA_UNUSABLE",
        message: expect.stringContaining("jsonSchema()"),
      }),
    );
    expect(() => jsonSchema({ type: "nonsense" })).toThrow(
      expect.objectContaining({ code: "SCHEMA_UNUSABLE" }),
    );
  });

  it("what JSON cannot carry is refused when the fact is made, with its path", () => {
    const anything = event("order.placed.v1", z.object({ deep: z.array(z.unknown()) }));
    for (const value of [
      new Date(),
      new Map(),
      1n,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      () => {},
      Symbol("s"),
      "\ud800",
      Buffer.from("x"),
      JSON.parse('{"__proto__":1}'),
    ]) {
      expect(() => anything({ deep: [0, value] })).toThrow(
        expect.objectContaining({
          code: "PAYLOAD_NOT_JSON",
          message: expect.stringContaining("data.deep.1"),
        }),
      );
    }
  });

  it("a plain copy equals what JSON makes of it, and its bound holds", () => {
    fc.assert(
      fc.property(
        fc
          .jsonValue({ maxDepth: 6 })
          .filter(
            (value) =>
              !JSON.stringify(value).includes('"__proto__"') &&
              JSON.stringify(value).isWellFormed(),
          ),
        (value) => {
          const { data, bytesAtMost } = toPlain(value);
          const text = JSON.stringify(value);
          expect(JSON.parse(JSON.stringify(data))).toEqual(JSON.parse(text));
          expect(bytesAtMost).toBeGreaterThanOrEqual(Buffer.byteLength(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("nesting is bounded, however deep", () => {
    let nested: unknown = 1;
    for (let i = 0; i < 100_000; i++) nested = [nested];
    expect(() => toPlain(nested)).toThrow(
      expect.objectContaining({
        code: "PAYLOAD_NOT_JSON",
        message: expect.stringContaining(`${DEPTH_MAX}`),
      }),
    );
  });

  it("attributes are printable, bounded text", () => {
    for (const value of [
      "",
      "a\nb",
      "a\u0000",
      "\u009f",
      "\ud800",
      "\ufffe",
      "x".repeat(257),
      7,
      null,
      undefined,
      {},
    ]) {
      expect(() => checkAttribute("id", value)).toThrow(
        expect.objectContaining({ code: "ATTRIBUTE_INVALID" }),
      );
    }
    for (const value of ["a", "日本 👘", "x".repeat(256), "' OR 1=1 --"])
      expect(checkAttribute("id", value)).toBe(value);
  });
});
