import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type MemoryTable, type MemoryTx, memoryBus, memoryStore, memoryTable } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { piecesOf, skuOf } from "../harness/stock.ts";
import { run } from "./run.ts";

/** One file for each service, all in this process. */
export const odoriSqlite: Contestant = {
  durability: "SQLite, WAL, synchronous=FULL; in-process bus, recovered from the outbox",
  async open(opening) {
    const bus = memoryBus([...SERVICES]);
    const { stock } = opening;
    const file = (name: ServiceName) => join(opening.folder, `${name}.db`);
    const all = (name: ServiceName, text: string) => {
      const database = new DatabaseSync(file(name), { readOnly: true });
      try {
        return database.prepare(text).all();
      } finally {
        database.close();
      }
    };
    return run<Sql>(opening, {
      store: (name) => sqlite(file(name)),
      bus: () => bus,
      setup(tx, name) {
        tx.exec(
          `CREATE TABLE IF NOT EXISTS work (
             id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, service TEXT NOT NULL) STRICT`,
        );
        if (name !== "inventory" || stock === undefined) return;
        tx.exec(
          `CREATE TABLE stock (sku TEXT PRIMARY KEY, pieces INTEGER NOT NULL) STRICT;
           CREATE TABLE sold (sku TEXT NOT NULL, order_id TEXT NOT NULL) STRICT`,
        );
        for (const [sku, pieces] of piecesOf(stock))
          tx.run("INSERT INTO stock VALUES (?, ?)", sku, pieces);
      },
      write(tx, name, orderId) {
        tx.run("INSERT INTO work (order_id, service) VALUES (?, ?)", orderId, name);
        if (name !== "inventory" || stock === undefined) return;
        const sku = skuOf(orderId, stock);
        const pieces = Number(tx.get("SELECT pieces FROM stock WHERE sku = ?", sku)?.pieces);
        if (pieces < 1) return;
        tx.run("UPDATE stock SET pieces = ? WHERE sku = ?", pieces - 1, sku);
        tx.run("INSERT INTO sold VALUES (?, ?)", sku, orderId);
      },
      rows: async (name) =>
        all(name, "SELECT order_id FROM work").map((row) => String(row.order_id)),
      sales: async () => ({
        left: new Map(
          all("inventory", "SELECT sku, pieces FROM stock").map(({ sku, pieces }) => [
            String(sku),
            Number(pieces),
          ]),
        ),
        sold: all("inventory", "SELECT sku, order_id FROM sold").map(({ sku, order_id }) => ({
          sku: String(sku),
          order: String(order_id),
        })),
      }),
      close: () => bus.close(),
    });
  },
};

/** Measures the runtime itself: nothing is written to a disk. */
export const odoriMemory: Contestant = {
  durability: "none: memory only",
  async open(opening) {
    const bus = memoryBus([...SERVICES]);
    const tables = new Map<ServiceName, MemoryTable<string>>(
      SERVICES.map((name) => [name, memoryTable<string>()]),
    );
    const table = (name: ServiceName) => tables.get(name) ?? memoryTable<string>();
    return run<MemoryTx>(opening, {
      store: () => memoryStore(),
      bus: () => bus,
      setup: () => {},
      write: (tx, name, orderId) => void tx.in(table(name)).set(orderId, name),
      rows: async (name) => [...table(name).rows.keys()],
      close: () => bus.close(),
    });
  },
};
