import { service, type Tx } from "odori";
import {
  orderPlaced,
  paymentAuthorized,
  paymentDeclined,
  paymentRefunded,
  stockSoldOut,
} from "./events.ts";
import { createTables } from "./setup.ts";

const LIMIT_CENTS = 100_000;

export const payment = service<Tx>("payment", {
  setup: (tx) =>
    createTables(tx, "CREATE TABLE IF NOT EXISTS charges (order_id TEXT, cents INTEGER)"),
})
  .on(orderPlaced, {
    emits: [paymentAuthorized],
    fails: [paymentDeclined],
    async handle({ data: { orderId, sku, cents } }, { tx }) {
      if (cents > LIMIT_CENTS) return paymentDeclined({ orderId });
      // Commits together with the event, or not at all.
      await tx.query("INSERT INTO charges (order_id, cents) VALUES ($1, $2)", [orderId, cents]);
      return paymentAuthorized({ orderId, sku });
    },
  })
  .undo(paymentAuthorized, {
    on: [stockSoldOut],
    emits: [paymentRefunded],
    async handle({ data: { orderId } }, { tx }) {
      await tx.query("DELETE FROM charges WHERE order_id = $1", [orderId]);
      return paymentRefunded({ orderId });
    },
  });
