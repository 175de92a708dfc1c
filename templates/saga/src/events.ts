import { event } from "odori";
import { z } from "zod";

const order = z.object({ orderId: z.string() });
const goods = order.extend({ sku: z.string() });

export const orderPlaced = event("order.placed.v1", goods.extend({ cents: z.int().positive() }));
export const orderCompleted = event("order.completed.v1", order);
export const orderCancelled = event("order.cancelled.v1", order);
export const paymentAuthorized = event("payment.authorized.v1", goods);
export const paymentDeclined = event("payment.declined.v1", order);
export const paymentRefunded = event("payment.refunded.v1", order);
export const stockReserved = event("stock.reserved.v1", order);
export const stockSoldOut = event("stock.sold_out.v1", order);
