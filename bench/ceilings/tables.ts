import pg from "pg";
import { SERVICES, type ServiceName } from "../harness/contestant.ts";
import type { Sales, Stock } from "../harness/stock.ts";
import { createStock, salesOf } from "../harness/stock-postgres.ts";

/*
 * The tables that every hand-made contestant on Postgres has: for each service an inbox, business
 * rows and an outbox.
 */

export async function createTables(url: string, stock?: Stock): Promise<void> {
  await withClient(url, async (client) => {
    for (const name of SERVICES) {
      await client.query(`CREATE SCHEMA "${name}";
        CREATE TABLE "${name}".inbox (id text PRIMARY KEY);
        CREATE TABLE "${name}".work (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          order_id text NOT NULL, service text NOT NULL);
        CREATE TABLE "${name}".outbox (id uuid PRIMARY KEY, event text NOT NULL);`);
    }
    if (stock !== undefined) await createStock(client, stock);
  });
}

export async function rowsOfAll(
  url: string,
): Promise<Readonly<Record<ServiceName, readonly string[]>>> {
  return withClient(url, async (client) => {
    const rowsOf = async (name: ServiceName) => {
      const { rows } = await client.query<{ order_id: string }>(
        `SELECT order_id FROM "${name}".work`,
      );
      return rows.map(({ order_id }) => order_id);
    };
    return {
      orders: await rowsOf("orders"),
      payment: await rowsOf("payment"),
      inventory: await rowsOf("inventory"),
      shipping: await rowsOf("shipping"),
    };
  });
}

export function salesOfAll(url: string): Promise<Sales> {
  return withClient(url, salesOf);
}

/** A client of its own, ended afterwards. */
async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A statement with its name: prepared once for each connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: string[];
}

/** Prepared under its text's own name. Lists are given as arrays in Postgres' own notation. */
export function prepared(
  name: string,
  text: string,
  values: readonly (string | readonly string[])[],
): Statement {
  const shown = values.map((value) => (typeof value === "string" ? value : arrayOf(value)));
  return { name, text, values: shown };
}

function arrayOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value.replace(/["\\]/g, "\\$&")}"`);
  return `{${quoted.join(",")}}`;
}
