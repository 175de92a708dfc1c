import { service } from "odori";
import type { Sql } from "odori/sqlite";
import {
  inventoryReleased,
  inventoryReservationFailed,
  orderPlaced,
  paymentAuthorizationFailed,
  paymentAuthorized,
  paymentRefunded,
} from "./contracts.ts";

/** Nobody may spend more than that at once. */
export const LIMIT_CENTS = 100_000;

const setup = (tx: Sql) =>
  // No unique constraint: a double charge would show.
  tx.exec(`CREATE TABLE IF NOT EXISTS ledger (entry INTEGER PRIMARY KEY, order_id TEXT NOT NULL, kind TEXT NOT NULL, cents INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS ledger_order ON ledger (order_id)`);

/** Takes the money, and gives it back when the goods cannot be had. */
export const payment = service<Sql>("payment", { setup })
  .on(orderPlaced, {
    emits: [paymentAuthorized],
    fails: [paymentAuthorizationFailed],
    handle({ data }, { tx, uuid }) {
      const { orderId, amountCents, sku, quantity, destination } = data;
      if (amountCents > LIMIT_CENTS) return paymentAuthorizationFailed({ orderId, reason: "limit" });
      tx.run("INSERT INTO ledger (order_id, kind, cents) VALUES (?, 'charge', ?)", orderId, amountCents);
      return paymentAuthorized({ orderId, paymentId: uuid(), sku, quantity, destination });
    },
  })
  .undo(paymentAuthorized, {
    on: [inventoryReservationFailed, inventoryReleased],
    emits: [paymentRefunded],
    handle({ data }, { tx }) {
      const charge = tx.get("SELECT cents FROM ledger WHERE order_id = ? AND kind = 'charge'", data.orderId);
      tx.run("INSERT INTO ledger (order_id, kind, cents) VALUES (?, 'refund', ?)", data.orderId, charge?.cents ?? 0);
      return paymentRefunded({ orderId: data.orderId });
    },
  });
