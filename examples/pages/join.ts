/*
 * A join. Payment and stock act at the same time; the order is completed once both have answered,
 * in either order. Where stock fails, payment gives the money back.
 *
 *   npm run example examples/pages/join.ts
 */
import { choreography, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { story } from "../support/story.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", z.object({ orderId: z.string(), sku: z.string() }));
const orderCompleted = event("order.completed.v1", payload);
const orderCancelled = event("order.cancelled.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);
const paymentRefunded = event("payment.refunded.v1", payload);
const stockReserved = event("stock.reserved.v1", payload);
const stockSoldOut = event("stock.sold_out.v1", payload);

const order = service<Sql>("order")
  .begins(orderPlaced)
  .onAll([paymentCharged, stockReserved], {
    name: "complete",
    emits: [orderCompleted],
    // Runs once, with both events.
    handle: ([charged]) => orderCompleted(charged.data),
  })
  .undo(orderPlaced, {
    on: [paymentRefunded],
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled(data),
  });

const payment = service<Sql>("payment")
  .on(orderPlaced, {
    emits: [paymentCharged],
    handle: ({ data: { orderId } }) => paymentCharged({ orderId }),
  })
  .undo(paymentCharged, {
    on: [stockSoldOut],
    emits: [paymentRefunded],
    handle: ({ data }) => paymentRefunded(data),
  });

const stock = service<Sql>("stock").on(orderPlaced, {
  emits: [stockReserved],
  fails: [stockSoldOut],
  handle: ({ data: { orderId, sku } }) =>
    sku === "moon" ? stockSoldOut({ orderId }) : stockReserved({ orderId }),
});

export default choreography("join", {
  services: [order, payment, stock],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
  fails: [orderCancelled],
});

if (import.meta.main) {
  const bus = memoryBus([order, payment, stock]);
  const on = () => ({ store: sqlite(":memory:"), bus });
  const orders = await start(order, on());
  const apps = [orders, await start(payment, on()), await start(stock, on())];

  await orders.begin("order-1", () => orderPlaced({ orderId: "order-1", sku: "fan" }));
  await story("A fan is in stock:", apps, "order-1", { order: orderCompleted });
  await orders.begin("order-2", () => orderPlaced({ orderId: "order-2", sku: "moon" }));
  await story("The moon is not:", apps, "order-2", { order: orderCancelled });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
