import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "odori";
import { MemoryDatabase, type MemoryTx, memoryStore, memoryTable } from "odori/memory";
import { type Sql as PostgresSql, postgres } from "odori/postgres";
import { type Sql as SqliteSql, sqlite } from "odori/sqlite";
import pg from "pg";
import { newSchema } from "../servers/postgres.ts";
import { temporaryFolder } from "./scope.ts";

type Eventual<T> = T | Promise<T>;

/**
 * A database with counted items and a list of notes, for tests of what handlers do to each other.
 * `Native` is unknown outside, so that a test is written once for every store.
 */
export interface Shelf extends AsyncDisposable {
  /** A new store on the database, as another process would open it. */
  store(): Store<unknown>;
  /** Reads how many there are of an item, as a handler does that will change it. */
  read(tx: unknown, item: string): Eventual<number>;
  write(tx: unknown, item: string, count: number): Eventual<void>;
  /** Notes have no unique constraint: one that is written twice shows. */
  note(tx: unknown, text: string): Eventual<void>;
  /** Writes both without awaiting anything: with `send`, where the store has it. */
  send(tx: unknown, row: { readonly item?: [string, number]; readonly text: string }): void;
  /** A statement that fails, and that is not awaited. */
  sendFailing(tx: unknown): void;
  /** A statement that fails. */
  fail(tx: unknown): Eventual<void>;
  /** Runs `work` in a savepoint of the handler's own, and undoes it. */
  attempt(tx: unknown, work: () => Eventual<void>): Eventual<void>;
  /** Whether handlers may be slow, so that one may leave its group and run again by itself. */
  readonly slow?: boolean;
  /** Statements that begin or end the transaction; none for a store without SQL. */
  readonly controls: readonly string[];
  run(tx: unknown, sql: string): Eventual<void>;
  /** Puts items on the shelf, past every service. */
  stock(items: Readonly<Record<string, number>>): Promise<void>;
  /** What is committed, read by other means than Odori. */
  seen(): Promise<{
    readonly items: Readonly<Record<string, number>>;
    readonly notes: readonly string[];
  }>;
}

/** Makes the databases of one kind. */
export interface ShelfKind {
  readonly name: "memory" | "sqlite" | "postgres";
  make(options?: { readonly sessionOptions?: string }): Promise<Shelf>;
}

const CONTROLS = [
  "COMMIT",
  "ROLLBACK",
  "BEGIN",
  "  /* mine */ commit;",
  "SELECT 1; COMMIT",
  "END",
  "ABORT",
  "START TRANSACTION",
];

export const memoryShelves: ShelfKind = {
  name: "memory",
  async make() {
    const database = new MemoryDatabase();
    const items = memoryTable<number>();
    const notes = memoryTable<string>();
    let next = 0;
    return {
      store: () => memoryStore(database),
      read: (tx, item) => memoryOf(tx).in(items).get(item) ?? 0,
      write: (tx, item, count) => void memoryOf(tx).in(items).set(item, count),
      note: (tx, text) => void memoryOf(tx).in(notes).set(`${next++}`, text),
      send(tx, { item, text }) {
        if (item !== undefined)
          memoryOf(tx)
            .in(items)
            .set(...item);
        memoryOf(tx).in(notes).set(`${next++}`, text);
      },
      sendFailing() {
        throw new Error("the statement fails");
      },
      fail(tx) {
        memoryOf(tx).in(items).get("anything");
        throw new Error("the statement fails");
      },
      attempt: () => {},
      controls: [],
      run: () => {},
      async stock(given) {
        for (const [item, count] of Object.entries(given)) items.rows.set(item, count);
      },
      seen: async () => ({
        items: Object.fromEntries(items.rows),
        notes: [...notes.rows.values()].sort(),
      }),
      [Symbol.asyncDispose]: async () => {},
    };
  },
};

const PUT_ITEM = "INSERT INTO items VALUES ($1, $2) ON CONFLICT DO UPDATE SET count = $2";

export const sqliteShelves: ShelfKind = {
  name: "sqlite",
  async make() {
    const folder = temporaryFolder("shelf");
    const path = join(folder.path, "shelf.db");
    const own = new DatabaseSync(path);
    own.exec("PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000");
    own.exec("CREATE TABLE items (item TEXT PRIMARY KEY, count INTEGER NOT NULL)");
    own.exec("CREATE TABLE notes (text TEXT NOT NULL)");
    return {
      store: () => sqlite(path),
      read: (tx, item) =>
        Number(sqliteOf(tx).get("SELECT count FROM items WHERE item = ?", item)?.count ?? 0),
      write: (tx, item, count) => void sqliteOf(tx).run(PUT_ITEM.replaceAll("$", "?"), item, count),
      send(tx, { item, text }) {
        if (item !== undefined) sqliteOf(tx).send(PUT_ITEM, item);
        sqliteOf(tx).send("INSERT INTO notes VALUES ($1)", [text]);
      },
      sendFailing: (tx) => sqliteOf(tx).send("INSERT INTO items VALUES ('broken', NULL)"),
      note: (tx, text) => void sqliteOf(tx).run("INSERT INTO notes VALUES (?)", text),
      fail: (tx) => void sqliteOf(tx).run("INSERT INTO items VALUES ('broken', NULL)"),
      attempt(tx, work) {
        sqliteOf(tx).exec("SAVEPOINT attempt");
        work();
        sqliteOf(tx).exec("ROLLBACK TO attempt; RELEASE attempt");
      },
      controls: CONTROLS.filter((text) => !/abort|start/i.test(text)),
      run: (tx, text) => sqliteOf(tx).exec(text),
      async stock(given) {
        for (const [item, count] of Object.entries(given))
          own.prepare("INSERT INTO items VALUES (?, ?)").run(item, count);
      },
      async seen() {
        const items = own.prepare("SELECT item, count FROM items").all();
        const notes = own.prepare("SELECT text FROM notes ORDER BY text").all();
        return {
          items: Object.fromEntries(items.map((row) => [String(row.item), Number(row.count)])),
          notes: notes.map((row) => String(row.text)).sort(),
        };
      },
      async [Symbol.asyncDispose]() {
        own.close();
        folder[Symbol.dispose]();
      },
    };
  },
};

/** Shelves on a server. `sessionOptions` stand for the role's: `-c statement_timeout=1`. */
export function postgresShelves(url: () => string): ShelfKind {
  return {
    name: "postgres",
    async make({ sessionOptions } = {}) {
      const schema = newSchema();
      const own = new pg.Pool({ connectionString: url(), max: 2 });
      // Some tests end the server.
      own.on("error", () => {});
      await own.query(`CREATE SCHEMA ${schema};
        CREATE TABLE ${schema}.items (item text PRIMARY KEY, count int NOT NULL);
        CREATE TABLE ${schema}.notes (text text NOT NULL)`);
      // Libraries name the tables without a schema.
      const through = new URL(url());
      const settings = [`-c search_path=${schema}`, sessionOptions ?? ""];
      through.searchParams.set("options", settings.join(" "));
      return {
        store: () => postgres({ connectionString: through.href, schema }),
        async read(tx, item) {
          const text = `SELECT count FROM ${schema}.items WHERE item = $1 FOR UPDATE`;
          return Number((await postgresOf(tx).query(text, [item])).rows[0]?.count ?? 0);
        },
        async write(tx, item, count) {
          const text = `INSERT INTO ${schema}.items VALUES ($1, $2)
            ON CONFLICT (item) DO UPDATE SET count = $2`;
          await postgresOf(tx).query(text, [item, count]);
        },
        async note(tx, text) {
          await postgresOf(tx).query(`INSERT INTO ${schema}.notes VALUES ($1)`, [text]);
        },
        send(tx, { item, text }) {
          if (item !== undefined)
            postgresOf(tx).send(
              `INSERT INTO ${schema}.items VALUES ($1, $2)
                ON CONFLICT (item) DO UPDATE SET count = $2`,
              item,
            );
          postgresOf(tx).send(`INSERT INTO ${schema}.notes VALUES ($1)`, [text]);
        },
        sendFailing: (tx) =>
          postgresOf(tx).send(`INSERT INTO ${schema}.items VALUES ('broken', NULL)`),
        async fail(tx) {
          await postgresOf(tx).query(`INSERT INTO ${schema}.items VALUES ('broken', NULL)`);
        },
        async attempt(tx, work) {
          await postgresOf(tx).query("SAVEPOINT attempt");
          await work();
          await postgresOf(tx).query("ROLLBACK TO attempt");
        },
        controls: CONTROLS,
        async run(tx, text) {
          await postgresOf(tx).query(text);
        },
        async stock(given) {
          for (const [item, count] of Object.entries(given))
            await own.query(`INSERT INTO ${schema}.items VALUES ($1, $2)`, [item, count]);
        },
        async seen() {
          const items = await own.query(`SELECT item, count FROM ${schema}.items`);
          const notes = await own.query(`SELECT text FROM ${schema}.notes`);
          return {
            items: Object.fromEntries(items.rows.map(({ item, count }) => [item, Number(count)])),
            notes: notes.rows.map(({ text }) => String(text)).sort(),
          };
        },
        async [Symbol.asyncDispose]() {
          await own.query(`DROP SCHEMA ${schema} CASCADE`);
          await own.end();
        },
      };
    },
  };
}

function memoryOf(tx: unknown): MemoryTx {
  if (isMemory(tx)) return tx;
  throw new Error("This is not a transaction of a memory store.");
}

function sqliteOf(tx: unknown): SqliteSql {
  if (isSqlite(tx)) return tx;
  throw new Error("This is not a transaction of SQLite.");
}

function postgresOf(tx: unknown): PostgresSql {
  if (isPostgres(tx)) return tx;
  throw new Error("This is not a transaction of Postgres.");
}

const isMemory = (tx: unknown): tx is MemoryTx =>
  typeof tx === "object" && tx !== null && "in" in tx;
const isSqlite = (tx: unknown): tx is SqliteSql =>
  typeof tx === "object" && tx !== null && "run" in tx;
const isPostgres = (tx: unknown): tx is PostgresSql =>
  typeof tx === "object" && tx !== null && "query" in tx;
