import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffManifests } from "../../src/diff/diff.ts";
import { mergeManifests } from "../../src/manifest/merge.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { mismatchText, schemaMismatches } from "../../src/manifest/subschema.ts";

type Schema = Readonly<Record<string, unknown>>;

const object = (
  properties: Schema,
  required: readonly string[] = Object.keys(properties),
  more: Schema = {},
): Schema => ({
  type: "object",
  properties,
  required,
  ...more,
});
const text = { type: "string" };
const id = object({ id: text });

describe("a payload of the producer against the schema of the consumer", () => {
  it.each<readonly [string, Schema, Schema, readonly string[]]>([
    ["the same", id, id, []],
    ["a consumer that reads a subset", object({ id: text, more: text }), id, []],
    [
      "a required field is missing",
      id,
      object({ id: text, cents: { type: "integer" } }),
      ["cents is missing, but is required"],
    ],
    ["an optional field is missing", id, object({ id: text, note: text }, ["id"]), []],
    [
      "a required field becomes optional",
      object({ id: text, cents: text }, ["id"]),
      object({ id: text, cents: text }),
      ["cents may be missing, but is required"],
    ],
    [
      "a field has another type",
      object({ id: { type: "integer" } }),
      id,
      ["id is integer, where string is expected"],
    ],
    [
      "a whole number is a number",
      object({ n: { type: "integer" } }),
      object({ n: { type: "number" } }),
      [],
    ],
    [
      "a number is not a whole number",
      object({ n: { type: "number" } }),
      object({ n: { type: "integer" } }),
      ["n is number, where integer is expected"],
    ],
    ["a new field for an open reader", object({ id: text, more: text }, ["id"]), id, []],
    [
      "a new field for a closed one",
      object({ id: text, more: text }, ["id"]),
      object({ id: text }, ["id"], { additionalProperties: false }),
      ["more is new, but the consumer refuses unknown fields"],
    ],
    [
      "a new value",
      object({ r: { enum: ["a", "b", "c"] } }),
      object({ r: { enum: ["a", "b"] } }),
      ['r may be "c", which is not expected'],
    ],
    ["a value less", object({ r: { enum: ["a"] } }), object({ r: { enum: ["a", "b"] } }), []],
    [
      "any value",
      object({ r: text }),
      object({ r: { type: "string", enum: ["a", "b"] } }),
      ['r may be any value, where "a" or "b" is expected'],
    ],
    [
      "longer",
      object({ id: { type: "string", maxLength: 9 } }),
      object({ id: { type: "string", maxLength: 8 } }),
      ["id has maxLength 9, where 8 is expected"],
    ],
    [
      "shorter",
      object({ id: { type: "string", maxLength: 7 } }),
      object({ id: { type: "string", maxLength: 8 } }),
      [],
    ],
    ["one of two", object({ v: text }), object({ v: { anyOf: [{ type: "integer" }, text] } }), []],
    [
      "two of one",
      object({ v: { anyOf: [{ type: "integer" }, text] } }),
      object({ v: text }),
      ["v is integer, where string is expected"],
    ],
    [
      "nullable",
      object({ v: { type: ["string", "null"] } }),
      object({ v: text }),
      ["v is string or null, where string is expected"],
    ],
    [
      "deeper",
      object({ a: object({ b: text }) }),
      object({ a: object({ b: text, c: text }) }),
      ["a.c is missing, but is required"],
    ],
    [
      "in arrays",
      { type: "array", items: text },
      { type: "array", items: { type: "integer" } },
      ["[] is string, where integer is expected"],
    ],
    [
      "by reference",
      { $defs: { x: text }, ...object({ id: { $ref: "#/$defs/x" } }) },
      { $defs: { y: { type: "integer" } }, ...object({ id: { $ref: "#/$defs/y" } }) },
      ["id is string, where integer is expected"],
    ],
    [
      "in parts",
      object({ id: text }),
      { allOf: [object({ id: text }), object({ n: text })] },
      ["n is missing, but is required"],
    ],
  ])("%s", (_, produced, expected, reasons) => {
    expect(schemaMismatches(produced, expected).map(mismatchText)).toEqual(reasons);
  });

  it("ends for a schema that refers to itself", () => {
    const circle: Schema = { $ref: "#" };
    expect(schemaMismatches(circle, id)).toHaveLength(1);
    const tree: Schema = object({ left: { $ref: "#" }, right: { $ref: "#" } }, []);
    expect(schemaMismatches(tree, tree)).toEqual([]);
  });

  it("accepts no payload that the validator of the consumer rejects", () => {
    const leaf = fc.constantFrom<Schema>(
      text,
      { type: "integer" },
      { type: "number" },
      { type: "boolean" },
      { enum: ["a", "b"] },
      { enum: ["a"] },
      { type: ["string", "null"] },
      { type: "string", maxLength: 1 },
      { type: "integer", minimum: 2 },
    );
    const fields = fc.record({ a: leaf, b: leaf, c: leaf }, { requiredKeys: [] });
    const schema = fc
      .tuple(fields, fc.subarray(["a", "b", "c"]), fc.boolean())
      .map(([properties, required, closed]) =>
        object(
          properties,
          required.filter((name) => name in properties),
          closed ? { additionalProperties: false } : {},
        ),
      );
    const value = fc.constantFrom<unknown>("a", "b", "xyz", 1, 2, 1.5, true, null);
    const payload = fc.record({ a: value, b: value, c: value }, { requiredKeys: [] });
    const ajv = new Ajv2020({ strict: false });
    let told = 0;
    fc.assert(
      fc.property(
        schema,
        schema,
        fc.array(payload, { minLength: 20, maxLength: 40 }),
        (produced, expected, payloads) => {
          if (schemaMismatches(produced, expected).length > 0) return;
          told++;
          // A producer sends the fields that it names: others are not its own.
          const named = (data: object) =>
            Object.keys(data).every((name) => name in Object(produced.properties));
          const [sends, takes] = [ajv.compile(produced), ajv.compile(expected)];
          // What a producer does not name, it does not send; so a reader's field that it does not
          // name is absent.
          for (const data of payloads)
            if (named(data) && sends(data)) expect([data, takes(data)]).toEqual([data, true]);
        },
      ),
      { numRuns: 2_000 },
    );
    expect(told).toBeGreaterThan(20);
  });
});

describe("the difference of two versions", () => {
  const shop = (schema: Schema, more: Schema = {}) =>
    toManifest({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v1"],
      succeeds: ["stock.reserved.v1"],
      events: { "order.placed.v1": { schema } },
      services: {
        order: { begins: ["order.placed.v1"] },
        stock: { reactions: [{ on: ["order.placed.v1"], emits: ["stock.reserved.v1"] }] },
        ...more,
      },
    });
  const wide = object({ id: text, cents: { type: "integer" } });

  it("is empty for the same manifest", () => {
    expect(diffManifests(shop(id), shop(id))).toEqual({ compatible: true, changes: [] });
  });

  it("an additional field breaks no consumer", () => {
    const { compatible, changes } = diffManifests(shop(id), shop(wide));
    expect([compatible, changes[0]?.code, changes[0]?.kind]).toEqual([
      true,
      "COMPATIBLE_CHANGE",
      "schema changed",
    ]);
  });

  it("a removed field breaks the known consumers, unless they do not read it", () => {
    const { compatible, changes } = diffManifests(shop(wide), shop(id));
    expect(compatible).toBe(false);
    expect(changes[0]).toMatchObject({
      code: "UNVERSIONED_CHANGE",
      event: "order.placed.v1",
      consumers: [{ service: "stock", reasons: ["cents is missing, but is required"] }],
    });
    const parts = (schema: Schema) => {
      const whole = shop(schema);
      const only = (name: string) => new Map([...whole.services].filter(([key]) => key === name));
      const stock = { ...whole, begins: [], services: only("stock"), events: shop(id).events };
      return mergeManifests([
        { from: "order", manifest: { ...whole, services: only("order") } },
        { from: "stock", manifest: stock },
      ]).manifest;
    };
    expect(diffManifests(parts(wide), parts(id)).compatible).toBe(true);
  });

  it("a removed event breaks its consumers, unless they hear a new version", () => {
    const before = shop(id);
    const renamed = toManifest({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v2"],
      succeeds: ["stock.reserved.v1"],
      services: {
        order: { begins: ["order.placed.v2"] },
        stock: { reactions: [{ on: ["order.placed.v1"], emits: ["stock.reserved.v1"] }] },
      },
    });
    const { compatible, changes } = diffManifests(before, renamed);
    expect(compatible).toBe(false);
    expect(changes.find(({ breaking }) => breaking)?.consumers).toEqual([
      { service: "stock", reasons: ["still hears order.placed.v1"] },
    ]);
    const moved = toManifest({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v2"],
      succeeds: ["stock.reserved.v1"],
      services: {
        order: { begins: ["order.placed.v2"] },
        stock: { reactions: [{ on: ["order.placed.v2"], emits: ["stock.reserved.v1"] }] },
      },
    });
    expect(diffManifests(before, moved).compatible).toBe(true);
  });

  it("changes of services, reactions and ends are listed, and break no consumer", () => {
    const { compatible, changes } = diffManifests(
      shop(id),
      shop(id, {
        mail: { reactions: [{ on: ["stock.reserved.v1"] }] },
        stock: {
          reactions: [
            { on: ["order.placed.v1"], emits: ["stock.reserved.v1"], fails: ["stock.sold_out.v1"] },
          ],
        },
      }),
    );
    expect(compatible).toBe(true);
    expect(changes.map(({ message }) => message)).toEqual([
      "stock.sold_out.v1 is new",
      "the service mail is new",
      "reactions of stock: changed: order.placed",
    ]);
  });
});

describe("sagas in flight (diff-does-not-see-the-past)", () => {
  const shopOf = (payment: Record<string, unknown>) =>
    toManifest({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v1"],
      services: { order: { begins: ["order.placed.v1"] }, payment },
    });
  const inFlight = (before: Record<string, unknown>, after: Record<string, unknown>) =>
    diffManifests(shopOf(before), shopOf(after))
      .changes.filter(({ code, breaking }) => code === "IN_FLIGHT" && breaking)
      .map(({ message }) => /\(([A-Z_]+)\)/.exec(message)?.[1]);
  const charge = (type: string, more: Record<string, unknown> = {}) => ({
    reactions: [
      { on: ["order.placed.v1"], emits: [type], ...more },
      { on: ["stock.sold_out.v1"], undoes: type, emits: ["payment.refunded.v1"] },
    ],
  });
  const asks = { reactions: [{ on: ["order.placed.v1"], emits: ["payment.asked.v1"] }] };
  const deadline = {
    after: "payment.asked.v1",
    within: "PT15M",
    unless: ["bank.answered.v1"],
    emits: "payment.expired.v1",
  };
  const join = (...all: readonly string[]) => ({ reactions: [{ all, readonly: true }] });

  it.each([
    ["a deadline is taken away", { ...asks, deadlines: [deadline] }, asks, ["DEADLINE_GONE"]],
    [
      "a join without a name waits for one event less",
      join("a.done.v1", "b.done.v1", "c.done.v1"),
      join("a.done.v1", "b.done.v1"),
      ["REACTION_GONE", "DEDUP_LOST"],
    ],
    [
      "an effect has another name",
      charge("payment.authorized.v1"),
      charge("payment.charged.v1"),
      ["EFFECT_GONE", "REACTION_GONE"],
    ],
    [
      "an effect has another name, and says so",
      charge("payment.authorized.v1", { name: "charge" }),
      {
        reactions: [
          {
            name: "charge",
            on: ["order.placed.v1"],
            emits: ["payment.charged.v1"],
            effect: "charge",
            effectWas: ["payment.authorized"],
          },
          {
            name: "refund",
            was: ["undo payment.authorized"],
            on: ["stock.sold_out.v1"],
            undoes: "charge",
            emits: ["payment.refunded.v1"],
          },
        ],
      },
      [],
    ],
    [
      "an effect has the next version of its event",
      charge("payment.authorized.v1"),
      charge("payment.authorized.v2"),
      [],
    ],
    [
      "a deadline is retired",
      { ...asks, deadlines: [deadline] },
      { ...asks, retired: { "deadline payment.expired": "the bank answers at once" } },
      [],
    ],
  ])("%s", (_, before, after, expected) => {
    expect(inFlight(before, after)).toEqual(expected);
  });

  const notes = (before: Record<string, unknown>, after: Record<string, unknown>) =>
    diffManifests(shopOf(before), shopOf(after))
      .changes.filter(({ kind }) => kind === "state kept")
      .map(({ message }) => message.replace("sagas in flight of payment: ", ""));

  it("says what goes on: an effect in another version, and its event on the bus", () => {
    expect(notes(charge("payment.authorized.v1"), charge("payment.authorized.v2"))).toEqual([
      "what was done as payment.authorized.v1 is the effect payment.authorized, " +
        "and its undo finds it",
      expect.stringMatching(/^old processes emit payment\.authorized\.v1 until the last one stops/),
    ]);
  });

  it("says what only new processes do: arm a new deadline, and call a new reaction", () => {
    const more = { on: ["order.placed.v1"], name: "score", readonly: true };
    const after = { reactions: [...asks.reactions, more], deadlines: [deadline] };
    expect(notes(asks, after)).toEqual([
      "deadline payment.expired is armed only where a new process hears or emits payment.asked.v1",
      "score does not see order.placed.v1 where an old process takes the message",
    ]);
    expect(notes(asks, asks)).toEqual([]);
  });
});
