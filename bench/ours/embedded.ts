import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type MemoryTable, type MemoryTx, memoryBus, memoryStore, memoryTable } from "odori/memory";
import { type Sql, sqlite } from "odori/sqlite";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { run } from "./run.ts";

/** One file for each service, all in this process. */
export const odoriSqlite: Contestant = {
  durability: "SQLite, WAL, synchronous=FULL; in-process bus, recovered from the outbox",
  async open(opening) {
    const bus = memoryBus([...SERVICES]);
    const file = (name: ServiceName) => join(opening.folder, `${name}.db`);
    return run<Sql>(opening, {
      store: (name) => sqlite(file(name)),
      bus: () => bus,
      setup: (tx) =>
        tx.exec(
          `CREATE TABLE IF NOT EXISTS work (
             id INTEGER PRIMARY KEY, order_id TEXT NOT NULL, service TEXT NOT NULL) STRICT`,
        ),
      write: (tx, name, orderId) =>
        void tx.run("INSERT INTO work (order_id, service) VALUES (?, ?)", orderId, name),
      async rows(name) {
        const database = new DatabaseSync(file(name), { readOnly: true });
        try {
          return database
            .prepare("SELECT order_id FROM work")
            .all()
            .map((row) => String(row.order_id));
        } finally {
          database.close();
        }
      },
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
