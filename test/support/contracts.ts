import { event } from "odori";
import { z } from "zod";

const payload = z.object({ orderId: z.string() });

export const placed = event("order.placed.v1", payload);
export const cancelled = event("order.cancelled.v1", payload);
export const completed = event("order.completed.v1", payload);
export const expired = event("order.expired.v1", payload);
export const authorized = event("payment.authorized.v1", payload);
export const declined = event("payment.declined.v1", payload);
export const refunded = event("payment.refunded.v1", payload);
export const reserved = event("inventory.reserved.v1", payload);
export const reservationFailed = event("inventory.reservation_failed.v1", payload);
export const released = event("inventory.released.v1", payload);
export const shipped = event("shipping.requested.v1", payload);
export const shippingFailed = event("shipping.failed.v1", payload);
