import { choreography, event, service } from "odori";
import { z } from "zod";

/* The saga of docs/how-to/stuck-saga.md. It has a gap: order does not undo on payment.declined. */

const payload = z.object({ orderId: z.string(), cents: z.number() });
export const placed = event("order.placed.v1", payload);
const cancelled = event("order.cancelled.v1", payload);
const charged = event("payment.charged.v1", payload);
const declined = event("payment.declined.v1", payload);
const refunded = event("payment.refunded.v1", payload);
const reserved = event("stock.reserved.v1", payload);
const soldOut = event("stock.sold_out.v1", payload);

/** What the provider of payments does not bear. */
export const UNLUCKY_CENTS = 1_313;
const LIMIT_CENTS = 9_000;

export const order = service("order")
  .begins(placed)
  .undo(placed, {
    on: [refunded],
    emits: [cancelled],
    handle: ({ data }) => cancelled(data),
  });

export const payment = service("payment")
  .on(placed, {
    emits: [charged],
    fails: [declined],
    handle({ data }) {
      if (data.cents === UNLUCKY_CENTS) throw new Error("the provider replied 503");
      return data.cents > LIMIT_CENTS ? declined(data) : charged(data);
    },
  })
  .undo(charged, { on: [soldOut], emits: [refunded], handle: ({ data }) => refunded(data) });

export const stock = service("stock").on(charged, {
  emits: [reserved],
  fails: [soldOut],
  handle: ({ data }) => reserved(data),
});

export default choreography("order", {
  services: [order, payment, stock],
  begins: [placed],
  succeeds: [reserved],
  fails: [cancelled],
});
