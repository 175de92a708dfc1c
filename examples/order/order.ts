import { service } from "odori";
import {
  orderCancelled,
  orderPlaced,
  paymentAuthorizationFailed,
  paymentRefunded,
  shippingRequested,
} from "./contracts.ts";
import { create, run, type Tx } from "./database.ts";

const setup = (tx: Tx) =>
  create(
    tx,
    `CREATE TABLE IF NOT EXISTS orders (
      order_id TEXT PRIMARY KEY, amount_cents INTEGER NOT NULL, state TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS orders_open ON orders (order_id) WHERE state = 'placed'`,
  );

/** Begins the saga, and knows how it ended. */
export const order = service<Tx>("order", { setup })
  .begins(orderPlaced)
  .on(shippingRequested, {
    async handle({ data }, { tx }) {
      await run(tx, "UPDATE orders SET state = 'completed' WHERE order_id = ?", data.orderId);
    },
  })
  .undo(orderPlaced, {
    on: [paymentAuthorizationFailed, paymentRefunded],
    emits: [orderCancelled],
    async handle({ data }, { tx }) {
      await run(tx, "UPDATE orders SET state = 'cancelled' WHERE order_id = ?", data.orderId);
      return orderCancelled({ orderId: data.orderId });
    },
  });
