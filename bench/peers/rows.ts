import pg from "pg";
import { SERVICES, type ServiceName } from "../harness/contestant.ts";

/** Something that runs SQL: a pool, or a client in a transaction. */
export interface Sql {
  query(text: string, values: unknown[]): Promise<unknown>;
}

/** Connections for the steps: the fastest number here; more only wait for each other. */
export const CONNECTIONS = 16;

/**
 * The business tables. A tool that delivers at least once needs the unique key: it makes a second
 * delivery harmless.
 */
export async function createRows(url: string): Promise<pg.Pool> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  pool.on("error", () => {});
  for (const name of SERVICES) {
    await pool.query(`CREATE SCHEMA "${name}"; CREATE TABLE "${name}".work (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      order_id text NOT NULL UNIQUE, service text NOT NULL)`);
  }
  return pool;
}

/** Writes the row of a step, once. */
export function writeRow(sql: Sql, name: ServiceName, orderId: string): Promise<unknown> {
  return sql.query(
    `INSERT INTO "${name}".work (order_id, service) VALUES ($1, $2) ON CONFLICT DO NOTHING`,
    [orderId, name],
  );
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
