import { event } from "odori";
import { z } from "zod";

/*
 * The events of a small order saga, in its first version and in its second. Two of them have a
 * next version: one whose consumers are deployed first, and one whose producer is.
 */

const orderId = z.string().max(64);
const one = z.object({ orderId });

const placed = z.object({
  orderId,
  cents: z.int().positive(),
  sku: z.string(),
  destination: z.string(),
});
export const orderPlaced1 = event("order.placed.v1", placed);
export const orderPlaced2 = event("order.placed.v2", placed.extend({ currency: z.string() }), {
  from: [orderPlaced1, (old) => ({ ...old, currency: "JPY" })],
  to: [orderPlaced1, ({ currency, ...rest }) => rest],
});
export const orderCancelled = event("order.cancelled.v1", one);
/** Only the second version emits it. */
export const orderDelayed = event("order.delayed.v1", one);

const authorized = z.object({ orderId, paymentId: z.string() });
export const paymentAuthorized1 = event("payment.authorized.v1", authorized);
export const paymentAuthorized2 = event(
  "payment.authorized.v2",
  authorized.extend({ method: z.string() }),
  {
    from: [paymentAuthorized1, (old) => ({ ...old, method: "card" })],
    to: [paymentAuthorized1, ({ method, ...rest }) => rest],
  },
);
export const paymentDeclined = event("payment.declined.v1", one);
export const paymentRefunded = event("payment.refunded.v1", one);
/** Only the second version emits and hears it. */
export const paymentScored = event("payment.scored.v1", one);

export const inventoryReserved = event("inventory.reserved.v1", one);
export const inventoryMissing = event("inventory.missing.v1", one);
export const inventoryReleased = event("inventory.released.v1", one);

/** The carrier has the order, and has not replied yet. */
export const shippingAsked = event("shipping.asked.v1", one);
export const shippingRequested = event("shipping.requested.v1", one);
export const shippingFailed = event("shipping.failed.v1", one);
