import { service } from "odori";
import {
  inventoryReleased,
  inventoryReservationFailed,
  inventoryReserved,
  orderPlaced,
  paymentAuthorized,
  shippingFailed,
} from "./contracts.ts";
import { all, create, run, type Tx } from "./database.ts";

/** What is on the shelf before the first order. */
export const STOCK: Readonly<Record<string, number>> = {
  kimono: 1_000_000,
  fan: 1_000_000,
  drum: 1_000_000,
  moon: 0,
};

const setup = async (tx: Tx) => {
  await create(
    tx,
    `CREATE TABLE IF NOT EXISTS stock (
      sku TEXT PRIMARY KEY, available INTEGER NOT NULL CHECK (available >= 0)
    );
    CREATE TABLE IF NOT EXISTS reservations (
      order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL
    );
    CREATE INDEX IF NOT EXISTS reservations_order ON reservations (order_id)`,
  );
  for (const [sku, available] of Object.entries(STOCK)) {
    await run(
      tx,
      "INSERT INTO stock (sku, available) VALUES (?, ?) ON CONFLICT DO NOTHING",
      sku,
      available,
    );
  }
};

/** Sets the goods aside, and puts them back when they cannot be shipped. */
export const inventory = service<Tx>("inventory", { setup })
  .onAll([orderPlaced, paymentAuthorized], {
    name: "reserve",
    emits: [inventoryReserved],
    fails: [inventoryReservationFailed],
    // The order says what to set aside; the payment says that it may be.
    async handle([{ data }], { tx, uuid }) {
      const { orderId, sku, quantity } = data;
      const take = "UPDATE stock SET available = available - ? WHERE sku = ? AND available >= ?";
      const taken = await run(tx, take, quantity, sku, quantity);
      if (taken === 0) return inventoryReservationFailed({ orderId, sku });
      await run(
        tx,
        "INSERT INTO reservations (order_id, sku, quantity) VALUES (?, ?, ?)",
        orderId,
        sku,
        quantity,
      );
      return inventoryReserved({ orderId, reservationId: uuid() });
    },
  })
  .undo(inventoryReserved, {
    on: [shippingFailed],
    emits: [inventoryReleased],
    async handle({ data: { orderId } }, { tx }) {
      for (const { sku, quantity } of await all(
        tx,
        "SELECT sku, quantity FROM reservations WHERE order_id = ?",
        orderId,
      )) {
        await run(
          tx,
          "UPDATE stock SET available = available + ? WHERE sku = ?",
          Number(quantity),
          String(sku),
        );
      }
      await run(tx, "DELETE FROM reservations WHERE order_id = ?", orderId);
      return inventoryReleased({ orderId });
    },
  });
