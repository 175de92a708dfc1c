/*
 * An HTTP handler that replies with the end of a saga. `begin` returns once the saga has begun;
 * `waitFor` waits until it has succeeded or failed, and no longer than the caller does.
 *
 *   npm run example examples/pages/reply.ts
 */
import { choreography, codeOf, event, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { z } from "zod";
import { quiet } from "../support/quiet.ts";

const payload = z.object({ orderId: z.string() });
const orderPlaced = event("order.placed.v1", payload);
const orderCompleted = event("order.completed.v1", payload);
const orderCancelled = event("order.cancelled.v1", payload);
const paymentCharged = event("payment.charged.v1", payload);
const paymentDeclined = event("payment.declined.v1", payload);

const order = service<Sql>("order")
  .begins(orderPlaced)
  .on(paymentCharged, {
    emits: [orderCompleted],
    handle: ({ data }) => orderCompleted(data),
  })
  .undo(orderPlaced, {
    on: [paymentDeclined],
    emits: [orderCancelled],
    handle: ({ data }) => orderCancelled(data),
  });

const payment = service<Sql>("payment").on(orderPlaced, {
  emits: [paymentCharged],
  fails: [paymentDeclined],
  handle: ({ data }) => (data.orderId === "order-2" ? paymentDeclined(data) : paymentCharged(data)),
});

const reply = choreography("reply", {
  services: [order, payment],
  begins: [orderPlaced],
  succeeds: [orderCompleted],
  fails: [orderCancelled],
});
export default reply;

if (import.meta.main) {
  const bus = memoryBus([order, payment]);
  const on = () => ({ store: sqlite(":memory:"), bus, logger: quiet });
  const orders = await start(order, { ...on(), ends: reply });
  const payments = await start(payment, on());

  const postOrder = async (orderId: string): Promise<Response> => {
    await orders.begin(orderId, () => orderPlaced({ orderId }));
    try {
      const { state, event: end } = await orders.waitFor(orderId, { timeout: "30s" });
      return Response.json({ state, event: end.type });
    } catch (error) {
      if (codeOf(error) !== "WAIT_TIMEOUT") throw error;
      return Response.json({ state: "running" }, { status: 202 });
    }
  };

  const getOrder = async (orderId: string): Promise<Response> => {
    const { state } = await orders.status(orderId);
    return Response.json({ state }, { status: state === "unknown" ? 404 : 200 });
  };

  for (const orderId of ["order-1", "order-2"]) {
    const response = await postOrder(orderId);
    console.log(response.status, await response.text());
  }
  for (const orderId of ["order-1", "order-3"]) {
    const response = await getOrder(orderId);
    console.log(response.status, await response.text());
  }
  await Promise.all([orders.stop(), payments.stop()]);
  await bus.close();
}
