/*
 * A deadline. The money comes from outside, or never: after 15 minutes the order is cancelled. It
 * is completed or cancelled, never both, since the first decision named "end" wins.
 *
 *   npm run example examples/pages/deadline.ts
 */
import { choreography, event, service, start, systemEnvironment } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { story } from "../support/story.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const orderExpired = event("order.expired.v1", payload);
const orderAbandoned = event("order.abandoned.v1", payload);
const orderCompleted = event("order.completed.v1", payload);
const orderCancelled = event("order.cancelled.v1", payload);
const bankPaid = event("bank.paid.v1", payload);
const paymentCaptured = event("payment.captured.v1", payload);
const paymentVoided = event("payment.voided.v1", payload);

const order = service<Sql>("order")
  .begins(orderPlaced)
  .deadline(orderPlaced, { after: "15m", unless: [bankPaid], emits: [orderExpired] })
  .on(paymentCaptured, {
    firstOf: "end",
    emits: [orderCompleted],
    handle: ({ data }) => orderCompleted(data),
  })
  .on(orderExpired, {
    firstOf: "end",
    emits: [orderAbandoned],
    readonly: true,
    handle: ({ data }) => orderAbandoned(data),
  })
  .undo(orderPlaced, {
    on: [paymentVoided],
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled(data),
  });

/**
 * Captures the money, and gives it back if the order was abandoned meanwhile. It also replies where
 * nothing was captured: the order says that it is cancelled when nothing can be open.
 */
const payment = service<Sql>("payment")
  .on(bankPaid, { emits: [paymentCaptured], handle: ({ data }) => paymentCaptured(data) })
  .undo(paymentCaptured, {
    on: [orderAbandoned],
    emits: [paymentVoided],
    handle: ({ data }) => paymentVoided(data),
  });

export default choreography("deadline", {
  services: [order, payment],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
  fails: [orderCancelled],
  arrives: [bankPaid],
});

if (import.meta.main) {
  // A clock that this program puts forward; without `environment` it is the system's.
  let aheadMs = 0;
  const environment = { ...systemEnvironment, now: () => systemEnvironment.now() + aheadMs };
  const bus = memoryBus([order, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus, environment, pollMs: 10 });
  const orders = await start(order, on());
  const apps = [orders, await start(payment, on())];
  const pay = (sagaid: string) => {
    const head = { specversion: "1.0", id: `of ${sagaid}`, source: "/bank", type: bankPaid.type };
    return bus.inject(
      bankPaid.type,
      JSON.stringify({ ...head, sagaid, data: { orderId: sagaid } }),
    );
  };

  for (const orderId of ["order-1", "order-2"])
    await orders.begin(orderId, () => orderPlaced({ orderId }));
  await pay("order-1");
  await story("Paid in time:", apps, "order-1", { order: orderCompleted });
  aheadMs += 15 * 60_000;
  await story("Not paid in 15 minutes:", apps, "order-2", {
    order: orderCancelled,
    payment: orderAbandoned,
  });
  await pay("order-2");
  await story("Paid too late:", apps, "order-2", { payment: bankPaid });

  await Promise.all(apps.map((app) => app.stop()));
  await bus.close();
}
