import { service, type Tx } from "odori";
import { paymentAuthorized, stockReserved, stockSoldOut } from "./events.ts";
import { createTables } from "./setup.ts";

export const stock = service<Tx>("stock", {
  setup: (tx) =>
    createTables(
      tx,
      `CREATE TABLE IF NOT EXISTS goods (sku TEXT PRIMARY KEY, in_stock INTEGER NOT NULL);
       INSERT INTO goods (sku, in_stock) VALUES ('fan', 1000) ON CONFLICT DO NOTHING`,
    ),
}).on(paymentAuthorized, {
  emits: [stockReserved],
  fails: [stockSoldOut],
  async handle({ data: { orderId, sku } }, { tx }) {
    const { rowCount } = await tx.query(
      "UPDATE goods SET in_stock = in_stock - 1 WHERE sku = $1 AND in_stock > 0",
      [sku],
    );
    return rowCount === 1 ? stockReserved({ orderId }) : stockSoldOut({ orderId });
  },
});
