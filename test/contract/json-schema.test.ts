import { once } from "node:events";
import { Ajv2020 } from "ajv/dist/2020.js";
import { event } from "odori";
import { jsonSchema } from "odori/json-schema";
import { describe, expect, it } from "vitest";

const id = { type: "string" };
const base = { type: "object", properties: { orderId: id }, required: ["orderId"] };
const order = { orderId: "1" };
const properties = (one: object) => ({ ...base, properties: { orderId: { ...id, ...one } } });
const pair = (items: object) => ({ type: "object", properties: { pair: items } });
const draft = (name: string) => ({ $schema: `http://json-schema.org/${name}` });
const tuple = { type: "array", items: [id, { type: "number" }] };

describe("json-schemas-as-people-have-them", () => {
  it.each([
    ["draft 07", { ...draft("draft-07/schema#"), ...base }, order],
    ["draft 06", { ...draft("draft-06/schema#"), ...base }, order],
    ["draft 2019-09", { ...draft("draft/2019-09/schema"), ...base }, order],
    ["draft 2020-12", { ...draft("draft/2020-12/schema"), ...base }, order],
    ["an example", properties({ example: "o-1" }), order],
    ["examples", properties({ examples: ["o-1"] }), order],
    ["an extension", { ...base, "x-parser-schema-id": "order" }, order],
    ["nullable", properties({ nullable: true }), { orderId: null }],
    ["a discriminator", { ...base, discriminator: "kind" }, order],
    ["definitions", { definitions: { id }, ...properties({ $ref: "#/definitions/id" }) }, order],
    ["an id", { $id: "https://example.org/order.json", ...base }, order],
    ["a list of types", properties({ type: ["string", "null"] }), { orderId: null }],
    ["required fields of a part", { ...base, allOf: [{ required: ["orderId"] }] }, order],
    ["a tuple of draft 07", pair(tuple), { pair: ["a", 1] }],
  ])("%s is accepted", (_what, schema, payload) => {
    const placed = event("order.placed.v1", jsonSchema(schema));
    expect(placed.parse(payload)).toEqual(payload);
    expect(() => placed.parse("no object")).toThrow(
      expect.objectContaining({ code: "PAYLOAD_INVALID" }),
    );
  });

  it.each([
    ["email", "no", "a@example.com"],
    ["date-time", "yesterday", "2026-01-01T12:00:00Z"],
    ["int32", 2 ** 40, 7],
  ])("the format %s is checked", (format, wrong, right) => {
    const schema = { type: "object", properties: { value: { format } } };
    const placed = event("order.placed.v1", jsonSchema<{ value: unknown }>(schema));
    expect(placed.parse({ value: right })).toEqual({ value: right });
    expect(() => placed.parse({ value: wrong })).toThrow(
      expect.objectContaining({ code: "PAYLOAD_INVALID" }),
    );
  });

  it("a format that is not known is accepted, and it is said that nothing checks it", async () => {
    const said = once(process, "warning");
    const placed = event("order.placed.v1", jsonSchema(properties({ format: "iban" })));
    expect(placed.parse(order)).toEqual(order);
    const [warning] = await said;
    expect(warning).toMatchObject({ code: "FORMAT_UNCHECKED" });
    expect(String(warning)).toContain('"iban"');
  });

  it.each([
    ["a misspelt keyword", { type: "object", propertys: {} }],
    ["an unknown draft", { ...draft("draft-04/schema#"), ...base }],
    ["a draft that is a number", { $schema: 7, ...base }],
  ])("%s is refused", (_what, schema) => {
    expect(() => jsonSchema(schema)).toThrow(expect.objectContaining({ code: "SCHEMA_UNUSABLE" }));
  });

  it("an older draft travels as draft 2020-12, with the same meaning", () => {
    const schema = {
      ...draft("draft-07/schema#"),
      ...pair({ ...tuple, additionalItems: { $ref: "#/definitions/items" } }),
      definitions: { items: { type: "integer", nullable: true } },
      dependencies: { pair: ["items"], items: { required: ["pair"] } },
      default: { items: [{ nullable: true }] },
    };
    const written = event("order.placed.v1", jsonSchema(schema)).toJsonSchema();
    expect(written).toEqual({
      type: "object",
      properties: {
        pair: {
          type: "array",
          prefixItems: [id, { type: "number" }],
          items: { $ref: "#/definitions/items" },
        },
      },
      definitions: { items: { type: ["integer", "null"] } },
      dependentRequired: { pair: ["items"] },
      dependentSchemas: { items: { required: ["pair"] } },
      default: { items: [{ nullable: true }] },
    });
    const fits = new Ajv2020({ strict: false }).compile(written ?? false);
    for (const [payload, right] of [
      [{ pair: ["a", 1, null, 2], items: 1 }, true],
      [{ pair: ["a", 1, "b"], items: 1 }, false],
      [{ pair: ["a", 1] }, false],
    ] as const) {
      expect([payload, fits(payload)]).toEqual([payload, right]);
      const parsed = () => event("order.placed.v1", jsonSchema(schema)).parse(payload);
      if (right) expect(parsed()).toEqual(payload);
      else expect(parsed).toThrow();
    }
  });
});
