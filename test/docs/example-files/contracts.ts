/* What the examples of the doc comments import as `./contracts.ts`. */
import { event } from "odori";
import { z } from "zod";

const order = { orderId: z.string() };

export const orderPlaced = event(
  "order.placed.v1",
  z.object({ ...order, amount: z.int().positive() }),
);
export const orderCancelled = event("order.cancelled.v1", z.object(order));
export const orderExpired = event("order.expired.v1", z.object(order));
export const paymentAuthorized = event(
  "payment.authorized.v1",
  z.object({ ...order, paymentId: z.string() }),
);
export const paymentDeclined = event("payment.declined.v1", z.object(order));
export const paymentRefunded = event("payment.refunded.v1", z.object(order));
export const stockReserved = event("stock.reserved.v1", z.object(order));
export const stockMissing = event("stock.missing.v1", z.object(order));
export const shippingRequested = event("shipping.requested.v1", z.object(order));
