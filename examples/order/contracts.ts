import { event } from "odori";
import { z } from "zod";

/*
 * Every event of the order saga. Payloads carry keys and amounts, and nothing that a service could
 * look up itself.
 */

const orderId = z.string().max(64);
/** What is ordered, and where it goes. */
const goods = {
  sku: z.string().max(64),
  quantity: z.int().positive(),
  destination: z.string().max(64),
};
const cents = z.int().positive();

export const orderPlaced = event(
  "order.placed.v1",
  z.object({ orderId, amountCents: cents, ...goods }),
  {
    summary: "A customer has placed an order.",
  },
);
export const orderCancelled = event("order.cancelled.v1", z.object({ orderId }), {
  summary: "The order has failed, and everything that was done for it is undone.",
});

export const paymentAuthorized = event(
  "payment.authorized.v1",
  z.object({ orderId, paymentId: z.string(), ...goods }),
  {
    summary: "The customer's money is taken.",
  },
);
export const paymentAuthorizationFailed = event(
  "payment.authorization_failed.v1",
  z.object({ orderId, reason: z.enum(["limit", "declined"]) }),
  { summary: "The customer's money could not be taken." },
);
export const paymentRefunded = event("payment.refunded.v1", z.object({ orderId }), {
  summary: "The customer has the money back.",
});

export const inventoryReserved = event(
  "inventory.reserved.v1",
  z.object({ orderId, reservationId: z.string(), ...goods }),
  {
    summary: "The goods are set aside.",
  },
);
export const inventoryReservationFailed = event(
  "inventory.reservation_failed.v1",
  z.object({ orderId, sku: z.string() }),
  {
    summary: "There are not enough of the goods.",
  },
);
export const inventoryReleased = event("inventory.released.v1", z.object({ orderId }), {
  summary: "The goods are back on the shelf.",
});

export const shippingRequested = event(
  "shipping.requested.v1",
  z.object({ orderId, shipmentId: z.string() }),
  {
    summary: "The carrier will fetch the goods: the order has succeeded.",
  },
);
export const shippingFailed = event(
  "shipping.failed.v1",
  z.object({ orderId, destination: z.string() }),
  {
    summary: "No carrier goes there.",
  },
);
