import { describe, expect, it } from "vitest";
import { check } from "../../src/check/check.ts";
import { parseRule, toConfig } from "../../src/check/config.ts";
import { toManifest } from "../../src/manifest/read.ts";
import { broken, findingsOf } from "./found.ts";
import type { Raw } from "./parts.ts";

describe("the rules", () => {
  const id = { type: "object", properties: { orderId: { type: "string" } }, required: ["orderId"] };
  /** Says these events, in one service, and nothing else of interest. */
  function saying(types: readonly string[], more: Raw = {}): Raw {
    return {
      odori: 1,
      name: "n",
      begins: [types[0]],
      succeeds: types,
      services: {
        order: {
          begins: types.slice(0, 1),
          reactions: [{ on: [types[0]], emits: [types.slice(1)] }],
        },
      },
      ...more,
    };
  }
  const rules = (manifest: Raw) =>
    check(toManifest(manifest), { repairs: false })
      .findings.filter(({ severity }) => severity === "warning")
      .map(({ code, at }) => `${code} ${at.event ?? at.service}`);

  it.each([
    [["order.placed.v1", "order.do_payment.v1"], ["COMMAND_NAME order.do_payment.v1"]],
    [
      ["order.placed.v1", "order.authorize_payment.v1"],
      ["COMMAND_NAME order.authorize_payment.v1"],
    ],
    [
      ["order.placed.v1", "order.reserve_inventory.v1"],
      ["COMMAND_NAME order.reserve_inventory.v1"],
    ],
    [["order.placed.v1", "order.paid.v1"], []],
    [["order.placed.v1", "order.set_aside.v1"], []],
    [["order.placed.v1", "order.credit_reserved.v1"], []],
    [["order.placed.v1", "order.charge.v1"], ["COMMAND_NAME order.charge.v1"]],
    [["order.placed.v1", "order.changed.v1"], ["VAGUE_NAME order.changed.v1"]],
    [["order.placed.v1", "order.address_changed.v1"], []],
    [["order.placed.v1", "order.info_sent.v1"], ["VAGUE_NAME order.info_sent.v1"]],
    [["order.placed.v1", "order.submitted.v1"], ["SYNONYM order.submitted.v1"]],
    [["order.placed.v1", "order.placed.v2"], []],
    [["order.placed.v1", "payment.charged.v1"], ["FOREIGN_EMIT payment.charged.v1"]],
  ])("%j", (types, expected) => {
    expect(rules(saying(types))).toEqual(expected);
  });

  it("two names for one thing are fine where a summary says how they differ", () => {
    const events = {
      "order.placed.v1": { summary: "By a customer." },
      "order.submitted.v1": { summary: "To the warehouse." },
    };
    expect(rules(saying(["order.placed.v1", "order.submitted.v1"], { events }))).toEqual([]);
  });

  const payload = (properties: Raw) =>
    saying(["order.placed.v1", "order.paid.v1"], {
      events: { "order.placed.v1": { schema: { type: "object", properties } } },
    });
  it.each<readonly [string, Raw, readonly string[]]>([
    ["keys are enough", id.properties, []],
    ["nothing that identifies", { amount: { type: "integer" } }, ["NO_KEY"]],
    [
      "too many fields",
      Object.fromEntries(
        Array.from({ length: 21 }, (_, i) => [`field${i}`, {}]).concat([["id", {}]]),
      ),
      ["FAT_PAYLOAD"],
    ],
    [
      "too deep",
      { id: {}, a: { properties: { b: { properties: { c: { properties: { d: {} } } } } } } },
      ["FAT_PAYLOAD"],
    ],
    [
      "an entity within",
      {
        id: {},
        customer: {
          properties: Object.fromEntries(
            ["customerId", "a", "b", "c", "d", "e"].map((name) => [name, {}]),
          ),
        },
      },
      ["FAT_PAYLOAD"],
    ],
    ["what is only shown", { id: {}, productImage: {} }, ["FAT_PAYLOAD"]],
    ["personal data", { id: {}, customerEmail: {} }, ["PERSONAL_DATA"]],
    ["personal data, in two words", { id: {}, first_name: {} }, ["PERSONAL_DATA"]],
    [
      "personal data, in Japanese",
      { id: {}, 生年月日: {}, denwa: {} },
      ["PERSONAL_DATA", "PERSONAL_DATA"],
    ],
    ["no personal data", { id: {}, nickel: {}, addressee_count: {} }, []],
  ])("payload: %s", (_, properties, expected) => {
    expect(rules(payload(properties)).map((told) => told.split(" ")[0])).toEqual(expected);
  });

  it("a field that is marked sensitive is meant", () => {
    const events = {
      "order.placed.v1": {
        sensitive: ["contact.email"],
        schema: { type: "object", properties: { id: {}, contact: { properties: { email: {} } } } },
      },
    };
    expect(rules(saying(["order.placed.v1", "order.paid.v1"], { events }))).toEqual([]);
  });

  it("what always travels together, and too many types", () => {
    expect(rules(saying(["order.placed.v1", "order.paid.v1", "order.packed.v1"]))).toEqual([
      "PROLIFERATION order.paid.v1",
    ]);
    const many = Array.from({ length: 12 }, (_, index) => `order.step${index}_taken.v1`);
    const alternatives = {
      services: {
        order: {
          begins: ["order.placed.v1"],
          reactions: [{ on: ["order.placed.v1"], emits: many }],
        },
      },
      succeeds: many,
    };
    expect(rules(saying(["order.placed.v1"], alternatives))).toEqual(["PROLIFERATION order"]);
  });

  it("a wait for what comes from outside", () => {
    const EXPIRED = ["order.expired.v1"];
    const waiting = (more: Raw) => ({
      odori: 1,
      name: "n",
      begins: ["order.placed.v1"],
      succeeds: ["order.placed.v1", "order.paid.v1", ...("deadlines" in more ? EXPIRED : [])],
      arrives: ["gateway.settled.v1"],
      services: {
        order: {
          begins: ["order.placed.v1"],
          reactions: [{ on: ["gateway.settled.v1"], emits: ["order.paid.v1"] }],
          ...more,
        },
      },
    });
    expect(rules(waiting({}))).toEqual(["HANDLER_WITHOUT_DEADLINE gateway.settled.v1"]);
    const told = (manifest: Raw) => rules(manifest).filter((rule) => rule.startsWith("HANDLER"));
    expect(
      told(
        waiting({
          deadlines: [
            {
              after: "order.placed.v1",
              within: "1h",
              unless: ["gateway.settled.v1"],
              emits: "order.expired.v1",
            },
          ],
        }),
      ),
    ).toEqual([]);
  });

  it("names of topics that collide on Kafka", () => {
    const picking = (placed: string, picked: string, more: Raw = {}) => ({
      odori: 1,
      name: "shop",
      begins: ["order.placed.v1"],
      succeeds: [picked],
      services: {
        order: {
          begins: ["order.placed.v1"],
          reactions: [{ on: [placed], emits: [picked] }],
        },
        order_item: { reactions: [{ on: ["order.placed.v1"], emits: [placed] }] },
      },
      ...more,
    });
    const collisions = (manifest: Raw) =>
      findingsOf(manifest, "TOPIC_COLLISION").map(({ at }) => at.event);
    const broken = picking("order_item.placed.v1", "order.item_placed.v1");
    expect(collisions(broken)).toEqual(["order.item_placed.v1"]);
    const report = check(toManifest(broken));
    expect([report.ok, report.findings[0]?.message]).toEqual([
      false,
      "order.item_placed.v1 and order_item.placed.v1 cannot both be topics of Kafka: " +
        "their names collide",
    ]);
    expect(collisions(picking("order_item.placed.v1", "order.picked.v1"))).toEqual([]);
    // Not only what is emitted here, and in each version.
    const outside = { external: ["order_item.picked.v2"] };
    const versions = picking("order_item.placed.v1", "order.item_picked.v2", outside);
    expect(collisions(versions)).toEqual(["order_item.picked.v2"]);
    const accepted = { suppress: { TOPIC_COLLISION: "Kafka is not used" } };
    const suppressed = picking("order_item.placed.v1", "order.item_placed.v1", accepted);
    expect(check(toManifest(suppressed)).ok).toBe(true);
  });

  it("are set by configuration, and accepted where a reason is given", () => {
    const manifest = saying(["order.placed.v1", "order.changed.v1"], {
      services: {
        order: {
          begins: ["order.placed.v1"],
          reactions: [{ on: ["order.placed.v1"], emits: ["order.changed.v1"] }],
          suppress: { VAGUE_NAME: "everybody here knows what it means" },
        },
      },
    });
    const { findings, suppressed } = check(toManifest(manifest));
    expect(findings).toEqual([]);
    expect(suppressed).toEqual([
      {
        code: "VAGUE_NAME",
        message: expect.any(String),
        reason: "everybody here knows what it means",
      },
    ]);
    const plain = toManifest(saying(["order.placed.v1", "order.changed.v1"]));
    expect(check(plain, { lint: { rules: { VAGUE_NAME: "error" } } }).ok).toBe(false);
    expect(check(plain, { lint: { rules: { VAGUE_NAME: "off" } } }).findings).toEqual([]);
  });

  it("behaviour cannot be accepted", () => {
    const manifest = {
      ...broken("a failure that no service hears"),
      suppress: { STUCK: "it never happens" },
    };
    const { ok, findings } = check(toManifest(manifest), { repairs: false });
    expect(ok).toBe(false);
    expect(findings.map(({ code }) => code)).toEqual(["BAD_SUPPRESSION", "STUCK"]);
  });

  it("a configuration that says nothing is refused with what could be said", () => {
    expect(
      toConfig({ rules: { NO_KEY: "off" }, limits: { fieldsMax: 30 }, statesMax: 10 }, "c.json"),
    ).toMatchObject({ statesMax: 10 });
    expect(() => toConfig({ rules: { NO_KEYS: "off" } }, "c.json")).toThrow(
      /NAME_GRAMMAR.*NO_KEYS/s,
    );
    expect(() => toConfig({ limits: { fields: 3 } }, "c.json")).toThrow(/"fields"/);
    expect(parseRule("NO_KEY=error")).toEqual(["NO_KEY", "error"]);
    expect(() => parseRule("NO_KEY")).toThrow(/CODE=off/);
  });
});
