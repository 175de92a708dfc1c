import pg from "pg";
import { SERVICES, type ServiceName } from "../harness/contestant.ts";
import type { Sales, Stock } from "../harness/stock.ts";
import { createStock, type StepSql, salesOf, takePiece } from "../harness/stock-postgres.ts";

export type Sql = StepSql;

/** Connections for the steps: the fastest number here; more only wait for each other. */
export const CONNECTIONS = 16;

/**
 * The business tables. A tool that delivers at least once needs the unique key: it makes a second
 * delivery harmless.
 */
export async function createRows(url: string, stock?: Stock): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  pool.on("error", () => {});
  for (const name of SERVICES) {
    await pool.query(`CREATE SCHEMA "${name}"; CREATE TABLE "${name}".work (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      order_id text NOT NULL UNIQUE, service text NOT NULL)`);
  }
  if (stock !== undefined) await createStock(pool, stock);
  return pool;
}

/**
 * Writes the row of a step, once, and takes a piece along with it where there is a stock. `sql` is
 * in a transaction.
 */
export async function writeRow(
  sql: Sql,
  name: ServiceName,
  orderId: string,
  stock?: Stock,
): Promise<void> {
  const taking = name === "inventory" && stock !== undefined;
  const text =
    `INSERT INTO "${name}".work (order_id, service) VALUES ($1, $2) ON CONFLICT DO NOTHING` +
    (taking ? " RETURNING id" : "");
  const { rows } = await sql.query(text, [orderId, name]);
  if (taking && rows.length > 0) await takePiece(sql, orderId, stock);
}

/** The same in a transaction of its own, for a tool that has none for its users. */
export function writeAlone(
  pool: pg.Pool,
  name: ServiceName,
  orderId: string,
  stock?: Stock,
): Promise<void> {
  // One statement is a transaction by itself.
  if (name !== "inventory" || stock === undefined) return writeRow(pool, name, orderId);
  return inTransaction(pool, (client) => writeRow(client, name, orderId, stock));
}

/** Writes many rows of a step in one statement. */
export async function writeRows(
  sql: Sql,
  name: ServiceName,
  orderIds: readonly string[],
): Promise<void> {
  await sql.query(
    `INSERT INTO "${name}".work (order_id, service)
      SELECT unnest($1::text[]), $2 ON CONFLICT DO NOTHING`,
    [orderIds, name],
  );
}

export function soldOf(pool: pg.Pool): Promise<Sales> {
  return salesOf(pool);
}

export async function rowsOf(
  pool: pg.Pool,
): Promise<Readonly<Record<ServiceName, readonly string[]>>> {
  const one = async (name: ServiceName) => {
    const { rows } = await pool.query<{ order_id: string }>(`SELECT order_id FROM "${name}".work`);
    return rows.map(({ order_id }) => order_id);
  };
  return {
    orders: await one("orders"),
    payment: await one("payment"),
    inventory: await one("inventory"),
    shipping: await one("shipping"),
  };
}

export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}

/** The step after this one; undefined after the last. */
export function nextOf(name: ServiceName): ServiceName | undefined {
  return SERVICES[SERVICES.indexOf(name) + 1];
}
