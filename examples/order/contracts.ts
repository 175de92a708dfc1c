import { event } from "odori";
import { z } from "zod";

/*
 * Every event of the order saga. A payload carries keys and the facts of its owner. A service that
 * needs a fact of another owner hears that owner's event, and joins the two.
 */

const orderId = z.string().max(64);

export const orderPlaced = event(
  "order.placed.v1",
  z.object({
    orderId,
    amountCents: z.int().positive(),
    sku: z.string().max(64),
    quantity: z.int().positive(),
    destination: z.string().max(64),
  }),
  {
    summary: "A customer has placed an order.",
  },
);
export const orderCancelled = event("order.cancelled.v1", z.object({ orderId }), {
  summary: "The order has failed, and everything that was done for it is undone.",
});

export const paymentAuthorized = event(
  "payment.authorized.v1",
  z.object({ orderId, paymentId: z.string() }),
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
  z.object({ orderId, reservationId: z.string() }),
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
  z.object({ orderId, reason: z.enum(["unreachable"]) }),
  {
    summary: "No carrier goes there.",
  },
);
