import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { paymentAuthorized, stockReserved, stockSoldOut } from "./events.ts";

export const stock = service<Sql>("stock", {
  setup(tx) {
    tx.exec("CREATE TABLE IF NOT EXISTS goods (sku TEXT PRIMARY KEY, in_stock INTEGER NOT NULL)");
    tx.run("INSERT OR IGNORE INTO goods (sku, in_stock) VALUES ('fan', 1000)");
  },
}).on(paymentAuthorized, {
  emits: [stockReserved],
  fails: [stockSoldOut],
  handle({ data: { orderId, sku } }, { tx }) {
    const taken = tx.run(
      "UPDATE goods SET in_stock = in_stock - 1 WHERE sku = ? AND in_stock > 0",
      sku,
    );
    return taken === 1 ? stockReserved({ orderId }) : stockSoldOut({ orderId });
  },
});
