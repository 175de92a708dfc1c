import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "odori";
import { type Sql as PostgresSql, postgres } from "odori/postgres";
import { type Sql as SqliteSql, sqlite } from "odori/sqlite";
import pg from "pg";
import type { Sales } from "../harness/stock.ts";

/** The stock of one service in a database: it is read, checked and written by each handler. */
export interface Shop<Native> {
  store(): Store<Native>;
  /** Sells a piece if there is one. Synchronous where the database is. */
  take(tx: Native, sku: string, order: string): boolean | Promise<boolean>;
  sales(): Promise<Sales>;
  /** Locks the row of an article from another session, until the returned function is called. */
  hold?(sku: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

type Stock = ReadonlyMap<string, number>;

/** Opens a shop with this stock in a new file of `folder`. */
export async function sqliteShop(folder: string, stock: Stock): Promise<Shop<SqliteSql>> {
  const path = join(folder, "shop.db");
  const own = new DatabaseSync(path);
  own.exec(`PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 5000;
    CREATE TABLE stock (sku TEXT PRIMARY KEY, pieces INTEGER NOT NULL) STRICT;
    CREATE TABLE sold (sku TEXT NOT NULL, order_id TEXT NOT NULL) STRICT;
    BEGIN`);
  const insert = own.prepare("INSERT INTO stock VALUES (?, ?)");
  for (const [sku, pieces] of stock) insert.run(sku, pieces);
  own.exec("COMMIT");
  return {
    store: () => sqlite(path),
    take(tx, sku, order) {
      const pieces = Number(tx.get("SELECT pieces FROM stock WHERE sku = ?", sku)?.pieces);
      if (pieces < 1) return false;
      tx.run("UPDATE stock SET pieces = ? WHERE sku = ?", pieces - 1, sku);
      tx.run("INSERT INTO sold VALUES (?, ?)", sku, order);
      return true;
    },
    async sales() {
      const left = own.prepare("SELECT sku, pieces FROM stock").all();
      const sold = own.prepare("SELECT sku, order_id FROM sold").all();
      return toSales(left, sold);
    },
    close: async () => own.close(),
  };
}

const SCHEMA = "shop";

/** Opens a shop with this stock in an empty database. */
export async function postgresShop(url: string, stock: Stock): Promise<Shop<PostgresSql>> {
  const own = new pg.Pool({ connectionString: url, max: 2 });
  // The database is dropped while the last connections close.
  own.on("error", () => {});
  await own.query(`CREATE SCHEMA ${SCHEMA};
    CREATE TABLE ${SCHEMA}.stock (sku text PRIMARY KEY, pieces int NOT NULL);
    CREATE TABLE ${SCHEMA}.sold (sku text NOT NULL, order_id text NOT NULL)`);
  await own.query(`INSERT INTO ${SCHEMA}.stock SELECT * FROM unnest($1::text[], $2::int[])`, [
    [...stock.keys()],
    [...stock.values()],
  ]);
  return {
    store: () => postgres({ connectionString: url, schema: "inventory" }),
    async take(tx, sku, order) {
      const look = `SELECT pieces FROM ${SCHEMA}.stock WHERE sku = $1 FOR UPDATE`;
      const pieces = Number((await tx.query(look, [sku])).rows[0]?.pieces);
      if (pieces < 1) return false;
      tx.send(`UPDATE ${SCHEMA}.stock SET pieces = $2 WHERE sku = $1`, [sku, pieces - 1]);
      tx.send(`INSERT INTO ${SCHEMA}.sold VALUES ($1, $2)`, [sku, order]);
      return true;
    },
    async sales() {
      const left = await own.query(`SELECT sku, pieces FROM ${SCHEMA}.stock`);
      const sold = await own.query(`SELECT sku, order_id FROM ${SCHEMA}.sold`);
      return toSales(left.rows, sold.rows);
    },
    async hold(sku) {
      const client = await own.connect();
      await client.query("BEGIN");
      await client.query(`SELECT 1 FROM ${SCHEMA}.stock WHERE sku = $1 FOR UPDATE`, [sku]);
      return async () => {
        await client.query("ROLLBACK");
        client.release();
      };
    },
    close: () => own.end(),
  };
}

type Rows = readonly Readonly<Record<string, unknown>>[];

function toSales(left: Rows, sold: Rows): Sales {
  return {
    left: new Map(left.map(({ sku, pieces }) => [String(sku), Number(pieces)])),
    sold: sold.map(({ sku, order_id }) => ({ sku: String(sku), order: String(order_id) })),
  };
}
