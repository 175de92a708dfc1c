import { service } from "odori";
import type { Sql } from "odori/sqlite";
import {
  orderPlaced,
  paymentAuthorized,
  paymentDeclined,
  paymentRefunded,
  stockSoldOut,
} from "./events.ts";

const LIMIT_CENTS = 100_000;

export const payment = service<Sql>("payment", {
  setup: (tx) => tx.exec("CREATE TABLE IF NOT EXISTS charges (order_id TEXT, cents INTEGER)"),
})
  .on(orderPlaced, {
    emits: [paymentAuthorized],
    fails: [paymentDeclined],
    handle({ data: { orderId, sku, cents } }, { tx }) {
      if (cents > LIMIT_CENTS) return paymentDeclined({ orderId });
      // Commits together with the event, or not at all.
      tx.run("INSERT INTO charges (order_id, cents) VALUES (?, ?)", orderId, cents);
      return paymentAuthorized({ orderId, sku });
    },
  })
  .undo(paymentAuthorized, {
    on: [stockSoldOut],
    emits: [paymentRefunded],
    handle({ data: { orderId } }, { tx }) {
      tx.run("DELETE FROM charges WHERE order_id = ?", orderId);
      return paymentRefunded({ orderId });
    },
  });
