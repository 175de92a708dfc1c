/*
 * A delivery that is given up on. Payment cannot handle a card, and trying again would not help:
 * the delivery is parked with its error for a person to read, and `onParked` tells the saga at
 * once that it has failed.
 *
 *   npm run example examples/pages/parked.ts
 */
import { choreography, event, PermanentError, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { quiet } from "../support/quiet.ts";
import { story } from "../support/story.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const orderCompleted = event("order.completed.v1", payload);
const orderCancelled = event("order.cancelled.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);
const paymentFailed = event("payment.failed.v1", payload);

const order = service<Sql>("order")
  .begins(orderPlaced)
  .on(paymentCharged, {
    emits: [orderCompleted],
    handle: ({ data }) => orderCompleted(data),
  })
  .undo(orderPlaced, {
    on: [paymentFailed],
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled(data),
  });

// `mayPark` has the proof explore that payment gives up on any of its deliveries.
const payment = service<Sql>("payment", { mayPark: true }).on(orderPlaced, {
  emits: [paymentCharged],
  handle({ data }) {
    if (data.orderId === "order-2") throw new PermanentError("This card is of no known kind.");
    return paymentCharged(data);
  },
  onParked: {
    emits: paymentFailed,
    handle: ({ event }) => paymentFailed({ orderId: event.sagaId }),
  },
});

export default choreography("parked", {
  services: [order, payment],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
  fails: [orderCancelled],
});

if (import.meta.main) {
  const bus = memoryBus([order, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus, logger: quiet });
  const [orders, payments] = await Promise.all([start(order, on()), start(payment, on())]);
  const apps = [orders, payments];

  for (const orderId of ["order-1", "order-2"])
    await orders.begin(orderId, () => orderPlaced({ orderId }));
  await story("The card is charged:", apps, "order-1", { order: orderCompleted });
  await story("Payment gives up:", apps, "order-2", { order: orderCancelled });
  for (const { sagaId, state, problem } of await payments.inspect.deferred(["answered"], 10))
    process.stdout.write(`${sagaId} is kept as ${state}: ${problem?.code}: ${problem?.message}\n`);

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
