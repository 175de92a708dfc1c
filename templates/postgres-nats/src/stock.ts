import { service } from "odori";
import type { Sql } from "odori/postgres";
import { paymentAuthorized, stockReserved, stockSoldOut } from "./events.ts";
import { oneAtATime } from "./setup.ts";

export const stock = service<Sql>("stock", {
  setup: (tx) =>
    oneAtATime(
      tx,
      `CREATE TABLE IF NOT EXISTS goods (sku text PRIMARY KEY, in_stock integer NOT NULL);
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
