import { service } from "odori";
import {
  inventoryReleased,
  inventoryReservationFailed,
  orderPlaced,
  paymentAuthorizationFailed,
  paymentAuthorized,
  paymentRefunded,
} from "./contracts.ts";
import { all, create, run, type Tx } from "./database.ts";

/** The most that one order may cost. */
export const LIMIT_CENTS = 100_000;

const setup = (tx: Tx) =>
  // No unique constraint: a double charge would show.
  create(
    tx,
    `CREATE TABLE IF NOT EXISTS ledger (
      order_id TEXT NOT NULL, kind TEXT NOT NULL, cents INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS ledger_order ON ledger (order_id)`,
  );

/** Takes the money, and gives it back when the goods cannot be had. */
export const payment = service<Tx>("payment", { setup })
  .on(orderPlaced, {
    emits: [paymentAuthorized],
    fails: [paymentAuthorizationFailed],
    async handle({ data }, { tx, uuid }) {
      const { orderId, amountCents } = data;
      if (amountCents > LIMIT_CENTS)
        return paymentAuthorizationFailed({ orderId, reason: "limit" });
      await run(
        tx,
        "INSERT INTO ledger (order_id, kind, cents) VALUES (?, 'charge', ?)",
        orderId,
        amountCents,
      );
      return paymentAuthorized({ orderId, paymentId: uuid() });
    },
  })
  .undo(paymentAuthorized, {
    on: [inventoryReservationFailed, inventoryReleased],
    emits: [paymentRefunded],
    async handle({ data }, { tx }) {
      const [charge] = await all(
        tx,
        "SELECT cents FROM ledger WHERE order_id = ? AND kind = 'charge'",
        data.orderId,
      );
      await run(
        tx,
        "INSERT INTO ledger (order_id, kind, cents) VALUES (?, 'refund', ?)",
        data.orderId,
        Number(charge?.cents ?? 0),
      );
      return paymentRefunded({ orderId: data.orderId });
    },
  });
