import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "odori";
import { MemoryDatabase, memoryStore, memoryTable } from "odori/memory";
import { sqlite, sqlOf } from "odori/sqlite";
import { temporaryFolder } from "./scope.ts";

type Eventual<T> = T | Promise<T>;

/**
 * Databases of services for one test, and an effects table in each that would show doubles: it has
 * no unique constraint.
 * `Native` is unknown outside, so that a test is written once for every store.
 */
export interface Kit {
  /** A new store on the service's database, as a new process would open it. */
  store(service: string): Store<unknown>;
  /** Writes an effect through a handler's transaction. */
  effect(service: string, tx: unknown, what: string): Eventual<void>;
  /** The committed effects of a service, in order, read by other means than Odori. */
  effects(service: string): Eventual<readonly string[]>;
  /**
   * Runs `work` in a transaction that the test opens itself, past the running service, and commits
   * unless it rejects.
   */
  ownTransaction(
    service: string,
    work: (native: NonNullable<unknown>) => Promise<void>,
  ): Promise<void>;
  /** Puts the clock of the databases forward, where they have one of their own. */
  advance(ms: number): Eventual<void>;
}

/** Databases of this process: what they do with a handler's statement needs no waiting. */
export interface LocalKit extends Kit, Disposable {
  effect(service: string, tx: unknown, what: string): void;
  effects(service: string): readonly string[];
}

/** Databases on a server. */
export interface RemoteKit extends Kit, AsyncDisposable {}

/** One kind of databases, for tests of every kind. */
export interface KitKind {
  readonly name: string;
  make(): LocalKit | Promise<RemoteKit>;
}

export const kits: readonly { readonly name: string; make(): LocalKit }[] = [
  { name: "memory", make: memoryKit },
  { name: "sqlite", make: sqliteKit },
];

/** Databases in memory. */
export function memoryKit(): LocalKit {
  const databases = new Map<string, MemoryDatabase>();
  const table = memoryTable<string>();
  let next = 0;
  return {
    store(service) {
      const database = databases.get(service) ?? new MemoryDatabase();
      databases.set(service, database);
      return memoryStore(database);
    },
    effect(service, tx, what) {
      if (isMemoryTx(tx)) tx.in(table).set(`${service} ${next++}`, what);
    },
    async ownTransaction(service, work) {
      await memoryStore(databases.get(service)).run(work);
    },
    effects: (service) =>
      [...table.rows].filter(([key]) => key.startsWith(`${service} `)).map(([, what]) => what),
    advance() {},
    [Symbol.dispose]() {},
  };
}

function isMemoryTx(tx: unknown): tx is import("odori/memory").MemoryTx {
  return typeof tx === "object" && tx !== null && "in" in tx;
}

function isSql(tx: unknown): tx is import("odori/sqlite").Sql {
  return typeof tx === "object" && tx !== null && "run" in tx;
}

/** A SQLite file for each service. */
export function sqliteKit(): LocalKit {
  const folder = temporaryFolder("kit");
  const fileOf = (service: string) => join(folder.path, `${service}.db`);
  const prepared = new Set<string>();
  return {
    store(service) {
      if (!prepared.has(service)) {
        const database = new DatabaseSync(fileOf(service));
        database.exec(
          `PRAGMA journal_mode = WAL;
           CREATE TABLE effects (seq INTEGER PRIMARY KEY, what TEXT NOT NULL)`,
        );
        database.close();
        prepared.add(service);
      }
      return sqlite(fileOf(service));
    },
    effect(_service, tx, what) {
      if (isSql(tx)) tx.run("INSERT INTO effects (what) VALUES (?)", what);
    },
    async ownTransaction(service, work) {
      const database = new DatabaseSync(fileOf(service));
      database.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
      try {
        await work(sqlOf(database));
        database.exec("COMMIT");
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      } finally {
        database.close();
      }
    },
    effects(service) {
      const database = new DatabaseSync(fileOf(service));
      const rows = database.prepare("SELECT what FROM effects ORDER BY seq").all();
      database.close();
      return rows.map((row) => String(row.what));
    },
    advance() {},
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}
