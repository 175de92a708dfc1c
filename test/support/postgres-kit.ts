import { migrate, postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { newSchema } from "../servers/postgres.ts";
import type { KitKind, RemoteKit } from "./kits.ts";

/** Databases on a server: a schema for each kit, with the one service that a test asks for. */
export function postgresKits(url: () => string): KitKind {
  return { name: "postgres", make: () => postgresKit(url()) };
}

async function postgresKit(connectionString: string): Promise<RemoteKit> {
  const schema = newSchema();
  const own = new pg.Pool({ connectionString, max: 2 });
  await own.query(`CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.effects (seq serial PRIMARY KEY, what text NOT NULL)`);
  await migrate("payment", { connectionString, schema });
  // The clock of the database is one function of the schema.
  await own.query(`CREATE TABLE ${schema}.ahead (ms bigint);
    INSERT INTO ${schema}.ahead VALUES (0);
    CREATE OR REPLACE FUNCTION ${schema}.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
      AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + ms
          FROM ${schema}.ahead'`);
  return {
    store: () => postgres({ connectionString, schema }),
    async effect(_service, tx, what) {
      if (!isSql(tx)) throw new Error("This is not a transaction of Postgres.");
      await tx.query(`INSERT INTO ${schema}.effects (what) VALUES ($1)`, [what]);
    },
    async effects() {
      const { rows } = await own.query(`SELECT what FROM ${schema}.effects ORDER BY seq`);
      return rows.map(({ what }) => String(what));
    },
    async ownTransaction(_service, work) {
      const client = await own.connect();
      try {
        await client.query("BEGIN");
        await work(client);
        await client.query("COMMIT");
      } catch (error) {
        await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release();
      }
    },
    async advance(ms) {
      await own.query(`UPDATE ${schema}.ahead SET ms = ms + $1`, [ms]);
    },
    async [Symbol.asyncDispose]() {
      await own.query(`DROP SCHEMA ${schema} CASCADE`);
      await own.end();
    },
  };
}

const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "query" in tx;
