import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { orderCancelled, orderPlaced, paymentAuthorizationFailed, paymentRefunded, shippingRequested } from "./contracts.ts";

const setup = (tx: Sql) =>
  tx.exec(`CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, amount_cents INTEGER NOT NULL, state TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS orders_open ON orders (order_id) WHERE state = 'placed'`);

/** Begins the saga, and knows how it ended. */
export const order = service<Sql>("order", { setup })
  .begins(orderPlaced)
  .on(shippingRequested, {
    handle({ data }, { tx }) {
      tx.run("UPDATE orders SET state = 'completed' WHERE order_id = ?", data.orderId);
    },
  })
  .undo(orderPlaced, {
    on: [paymentAuthorizationFailed, paymentRefunded],
    emits: [orderCancelled],
    handle({ data }, { tx }) {
      tx.run("UPDATE orders SET state = 'cancelled' WHERE order_id = ?", data.orderId);
      return orderCancelled({ orderId: data.orderId });
    },
  });
