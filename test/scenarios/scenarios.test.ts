import { start } from "odori";
import { check, manifestOf, repairText } from "odori/check";
import { mergeManifests, schemaMismatches } from "odori/manifest";
import { MemoryDatabase, memoryBus, memoryStore } from "odori/memory";
import { expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { silent } from "../support/stage.ts";
import { asItWas, repaired } from "./create-ticket.ts";
import customersAndOrders, {
  customer,
  customers,
  order,
  orderCreated,
  orders,
  validationFailed,
} from "./customers-and-orders.ts";

it("customers and orders: is proved, and runs with the amounts of the original", async () => {
  const { ok, findings, explored } = check(manifestOf(customersAndOrders));
  expect({ ok, findings, exhaustive: explored.exhaustive }).toEqual({
    ok: true,
    findings: [],
    exhaustive: true,
  });

  await using bus = closing(memoryBus([order, customer]));
  const database = new MemoryDatabase();
  await memoryStore(database).run(
    async (tx) => void tx.in(customers).set("alice", { limit: 1_500, reserved: 0 }),
  );
  await using shop = stopping(
    await start(order, { store: memoryStore(new MemoryDatabase()), bus, logger: silent }),
  );
  await using _credit = stopping(
    await start(customer, { store: memoryStore(database), bus, logger: silent }),
  );
  const place = (orderId: string, customerId: string, cents: number) =>
    shop.begin(orderId, (tx) => {
      tx.in(orders).set(orderId, { cents, state: "pending" });
      return orderCreated({ orderId, customerId, cents });
    });
  await place("small", "alice", 1_234);
  await place("large", "alice", 12_340);
  await place("lost", "bob", 1_234);
  const pending = () => [...orders.rows.values()].filter(({ state }) => state === "pending");
  await eventually("every order is decided", pending, []);
  expect(Object.fromEntries(orders.rows)).toEqual({
    small: { cents: 1_234, state: "approved" },
    large: { cents: 12_340, state: "rejected", reason: "insufficient_credit" },
    lost: { cents: 1_234, state: "rejected", reason: "unknown_customer" },
  });
});

it("customers and orders: a consumer may read a subset of the fields", () => {
  const whole = manifestOf(customersAndOrders);
  const part = (name: string) => ({
    ...whole,
    name,
    services: new Map([...whole.services].filter(([service]) => service === name)),
  });
  const narrow = {
    type: "object",
    properties: { orderId: { type: "string" } },
    required: ["orderId"],
  };
  const entry = whole.events.get(validationFailed.type);
  if (entry?.schema === undefined) throw new Error("the event has a schema");
  const reader = {
    ...part("order"),
    events: new Map([[validationFailed.type, { ...entry, schema: narrow }]]),
  };
  const { contradictions } = mergeManifests([
    { from: "customer", manifest: part("customer") },
    { from: "order", manifest: reader },
  ]);
  expect(contradictions).toEqual([]);
  expect(schemaMismatches(narrow, entry.schema)).toHaveLength(1);
});

it("create ticket: the missing undo is found, and the repair is sound", () => {
  const { ok, findings } = check(manifestOf(asItWas));
  expect(ok).toBe(false);
  const at = { service: "kitchen", event: "kitchen.ticket_created.v1" };
  expect(findings).toMatchObject([
    { code: "EARLY_END", at },
    { code: "NO_UNDO", at },
  ]);
  expect(findings[1]?.repairs?.map(repairText)[0]).toBe(
    "give kitchen an undo of kitchen.ticket_created on order.authorization_failed",
  );
  expect(check(manifestOf(repaired))).toMatchObject({ ok: true, findings: [] });
});
