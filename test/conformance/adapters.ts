import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "odori";
import { type BusFactory, localClock, type StoreFactory } from "odori/conformance";
import { MemoryDatabase, type MemoryTx, memoryBus, memoryStore, memoryTable } from "odori/memory";
import { type Sql, sqlite, sqlOf } from "odori/sqlite";
import { httpBuses, SECRET } from "../servers/http.ts";
import { kafkaBuses } from "../servers/kafka.ts";
import { natsBuses } from "../servers/nats.ts";
import { postgresBuses, postgresStores } from "../servers/postgres.ts";
import { rabbitBuses } from "../servers/rabbitmq.ts";
import { serverUrl } from "../servers/shared.ts";

/**
 * Every adapter of the project, by the name of its folder. `test/tidy/tidy.test.ts` fails if one is
 * missing.
 */
export const buses = {
  memory: {
    name: "memory",
    async make(groups) {
      const bus = memoryBus(groups);
      return {
        connect: async () => bus,
        inject: (topic, bytes) => bus.inject(topic, bytes),
        close: () => bus.close(),
      };
    },
  },
  http: httpBuses("http, signed", { secrets: [SECRET] }),
  nats: natsBuses(() => serverUrl("nats")),
  postgres: postgresBuses(() => serverUrl("postgres")),
  kafka: kafkaBuses(() => serverUrl("kafka")),
  rabbitmq: rabbitBuses(() => serverUrl("rabbitmq")),
} satisfies Readonly<Record<string, BusFactory>>;

export const memoryStores: StoreFactory<MemoryTx> = {
  name: "memory",
  async make() {
    const database = new MemoryDatabase();
    const rows = memoryTable<true>();
    const open: Store<MemoryTx>[] = [];
    const own = memoryStore(database);
    return {
      clock: localClock(),
      concurrent: false,
      async connect() {
        const store = memoryStore(database);
        open.push(store);
        return store;
      },
      put: async (native, key) => native.in(rows).set(key, true),
      has: async (key) => rows.rows.has(key),
      ownTransaction: (work) => own.run(work),
      close: async () => {
        for (const store of open) await store.close();
      },
    };
  },
};

export const sqliteStores: StoreFactory<Sql> = {
  name: "sqlite",
  async make() {
    const folder = mkdtempSync(join(tmpdir(), "odori-store-"));
    const path = join(folder, "shop.db");
    const own = new DatabaseSync(path);
    own.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000");
    own.exec("CREATE TABLE business (key TEXT PRIMARY KEY)");
    const open: Store<Sql>[] = [];
    return {
      clock: localClock(),
      concurrent: false,
      async connect() {
        const store = sqlite(path);
        open.push(store);
        return store;
      },
      put: async (native, key) => {
        native.run("INSERT INTO business (key) VALUES (?)", key);
      },
      has: async (key) =>
        own.prepare("SELECT 1 FROM business WHERE key = ?").get(key) !== undefined,
      async ownTransaction(work) {
        own.exec("BEGIN IMMEDIATE");
        try {
          await work(sqlOf(own));
          own.exec("COMMIT");
        } catch (error) {
          own.exec("ROLLBACK");
          throw error;
        }
      },
      async close() {
        for (const store of open) await store.close();
        own.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
};

export const stores = {
  memory: memoryStores,
  sqlite: sqliteStores,
  postgres: postgresStores(() => serverUrl("postgres")),
};
