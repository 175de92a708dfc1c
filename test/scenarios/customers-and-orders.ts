import { choreography, event, service } from "odori";
import { type MemoryTx, memoryTable } from "odori/memory";
import { z } from "zod";

/*
 * Customers and orders, as in Eventuate's examples: an order is approved when its customer has
 * credit for it. The choreography and the code are ours; the amounts, and what is to come of them,
 * are theirs.
 */

const orderId = z.string();
const cents = z.int().positive();

export const orderCreated = event(
  "order.created.v1",
  z.object({ orderId, customerId: z.string(), cents }),
);
const orderApproved = event("order.approved.v1", z.object({ orderId }));
const orderRejected = event(
  "order.rejected.v1",
  z.object({ orderId, reason: z.enum(["insufficient_credit", "unknown_customer"]) }),
);
const creditReserved = event(
  "customer.credit_reserved.v1",
  z.object({ orderId, customerId: z.string() }),
);
const creditReservationFailed = event(
  "customer.credit_reservation_failed.v1",
  z.object({ orderId, customerId: z.string() }),
);
export const validationFailed = event(
  "customer.validation_failed.v1",
  z.object({ orderId, customerId: z.string() }),
);

export interface OrderRow {
  readonly cents: number;
  readonly state: "pending" | "approved" | "rejected";
  readonly reason?: string;
}

export const orders = memoryTable<OrderRow>();
/** Credit limit in cents, and what is reserved of it. */
export const customers = memoryTable<{ readonly limit: number; readonly reserved: number }>();

const change = (tx: MemoryTx, id: string, to: Partial<OrderRow>) => {
  const row = tx.in(orders).get(id);
  if (row !== undefined) tx.in(orders).set(id, { ...row, ...to });
};

export const order = service<MemoryTx>("order")
  .begins(orderCreated)
  .on(creditReserved, {
    emits: [orderApproved],
    handle({ data }, { tx }) {
      change(tx, data.orderId, { state: "approved" });
      return orderApproved({ orderId: data.orderId });
    },
  })
  .undo(orderCreated, {
    on: [creditReservationFailed, validationFailed],
    emits: [orderRejected],
    onEmpty: "silent",
    handle({ data, type }, { tx }) {
      const reason = type === validationFailed.type ? "unknown_customer" : "insufficient_credit";
      change(tx, data.orderId, { state: "rejected", reason });
      return orderRejected({ orderId: data.orderId, reason });
    },
  });

export const customer = service<MemoryTx>("customer").on(orderCreated, {
  emits: [creditReserved],
  fails: [creditReservationFailed, validationFailed],
  handle({ data }, { tx }) {
    const { orderId, customerId } = data;
    const row = tx.in(customers).get(customerId);
    if (row === undefined) return validationFailed({ orderId, customerId });
    if (row.reserved + data.cents > row.limit)
      return creditReservationFailed({ orderId, customerId });
    tx.in(customers).set(customerId, { ...row, reserved: row.reserved + data.cents });
    return creditReserved({ orderId, customerId });
  },
});

export default choreography("customers_and_orders", {
  services: [order, customer],
  begins: [orderCreated],
  succeeds: [orderApproved],
  fails: [orderRejected],
});
