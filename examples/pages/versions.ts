/*
 * Two versions of one event side by side. Version 2 of `order.placed` says the currency, and how
 * version 1 is read. Payment hears both before any order sends the new one, so old and new
 * processes of the order service run beside each other, and sagas of both versions end.
 *
 *   npm run example examples/pages/versions.ts
 */
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { story } from "../support/story.ts";

const orderId = z.string();
const orderPlacedV1 = event("order.placed.v1", z.object({ orderId, amount: z.int() }), {
  summary: "A customer has placed an order, in yen.",
});
const orderPlacedV2 = event(
  "order.placed.v2",
  z.object({ orderId, amount: z.int(), currency: z.enum(["JPY", "EUR"]) }),
  {
    summary: "A customer has placed an order.",
    // One place knows that orders without a currency were in yen.
    from: [orderPlacedV1, (old) => ({ ...old, currency: "JPY" as const })],
  },
);
const paymentCharged = event(
  "payment.charged.v1",
  z.object({ orderId, amount: z.int(), currency: z.string() }),
);

const order = service<Sql>("order").begins(orderPlacedV1).begins(orderPlacedV2);

const payment = service<Sql>("payment").on(orderPlacedV2, {
  emits: [paymentCharged],
  handle: ({ data }) => paymentCharged(data),
});

const ledger = service<Sql>("ledger", {
  setup: (tx) => tx.exec("CREATE TABLE entries (order_id TEXT, amount INTEGER, currency TEXT)"),
}).on(paymentCharged, {
  handle({ data: { orderId, amount, currency } }, { tx }) {
    const insert = "INSERT INTO entries (order_id, amount, currency) VALUES (?, ?, ?)";
    tx.run(insert, orderId, amount, currency);
    process.stdout.write(`in the ledger: ${orderId} ${amount} ${currency}\n`);
  },
});

export default choreography("versions", {
  services: [order, payment, ledger],
  begins: [orderPlacedV1, orderPlacedV2],
  succeeds: [paymentCharged],
});

if (import.meta.main) {
  const bus = memoryBus([order, payment, ledger]);
  const on = () => ({ store: sqlite(":memory:"), bus });
  const orders = await start(order, on());
  const apps = [orders, await start(payment, on()), await start(ledger, on())];

  await orders.begin("order-1", () => orderPlacedV1({ orderId: "order-1", amount: 500 }));
  await story("From an old process:", apps, "order-1", { ledger: paymentCharged });
  const placed = { orderId: "order-2", amount: 12, currency: "EUR" } as const;
  await orders.begin("order-2", () => orderPlacedV2(placed));
  await story("From a new one:", apps, "order-2", { ledger: paymentCharged });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
