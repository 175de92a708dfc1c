import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { inventoryReleased, inventoryReservationFailed, inventoryReserved, paymentAuthorized, shippingFailed } from "./contracts.ts";

/** What is on the shelf before the first order. */
export const STOCK: Readonly<Record<string, number>> = { kimono: 1_000_000, fan: 1_000_000, drum: 1_000_000, moon: 0 };

const setup = (tx: Sql) => {
  tx.exec(`CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, available INTEGER NOT NULL CHECK (available >= 0));
    CREATE TABLE IF NOT EXISTS reservations (entry INTEGER PRIMARY KEY, order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL);
    CREATE INDEX IF NOT EXISTS reservations_order ON reservations (order_id)`);
  for (const [sku, available] of Object.entries(STOCK))
    tx.run("INSERT INTO stock (sku, available) VALUES (?, ?) ON CONFLICT DO NOTHING", sku, available);
};

/** Sets the goods aside, and puts them back when they cannot be shipped. */
export const inventory = service<Sql>("inventory", { setup })
  .on(paymentAuthorized, {
    emits: [inventoryReserved],
    fails: [inventoryReservationFailed],
    handle({ data }, { tx, uuid }) {
      const { orderId, sku, quantity, destination } = data;
      const taken = tx.run("UPDATE stock SET available = available - ?1 WHERE sku = ?2 AND available >= ?1", quantity, sku);
      if (taken === 0) return inventoryReservationFailed({ orderId, sku });
      tx.run("INSERT INTO reservations (order_id, sku, quantity) VALUES (?, ?, ?)", orderId, sku, quantity);
      return inventoryReserved({ orderId, reservationId: uuid(), sku, quantity, destination });
    },
  })
  .undo(inventoryReserved, {
    on: [shippingFailed],
    emits: [inventoryReleased],
    handle({ data: { orderId } }, { tx }) {
      for (const { sku, quantity } of tx.all("SELECT sku, quantity FROM reservations WHERE order_id = ?", orderId)) {
        tx.run("UPDATE stock SET available = available + ? WHERE sku = ?", quantity ?? 0, sku ?? "");
      }
      tx.run("DELETE FROM reservations WHERE order_id = ?", orderId);
      return inventoryReleased({ orderId });
    },
  });
