import { randomUUID } from "node:crypto";
import type pg from "pg";
import { explain, explainLooking } from "./errors.ts";
import { placeOf, poolOf } from "./options.ts";
import { migrate } from "./schema.ts";
import { type PostgresStore, postgres } from "./store.ts";

/**
 * Schemas on a Postgres server for one test: options of `given(…).when` and `testSaga`. Each
 * service has one of its own, which is also its `search_path`. Their clock is that of the test.
 */
export interface TestSchemas extends AsyncDisposable {
  readonly store: (service: string) => Promise<PostgresStore>;
  readonly clock: (now: number) => Promise<void>;
}

/**
 * Makes schemas for a test whose handlers write to Postgres. They are dropped at the end of its
 * scope. The role has to be allowed to create schemas. Rejects with `STORE_FORBIDDEN`, or a
 * `StoreUnavailableError`.
 *
 * @example
 * ```ts
 * import { testSchemas } from "odori/postgres";
 * import { given } from "odori/testing";
 * import { orderPlaced } from "./contracts.ts";
 * import { orderPg } from "./services.ts";
 *
 * await using schemas = await testSchemas("postgres://localhost/test");
 * const placed = orderPlaced({ orderId: "o-1", amount: 100 });
 * await using then = await given(placed).when(orderPg, schemas);
 * await then.rows((tx) => tx.query("SELECT 1"));
 * ```
 */
export async function testSchemas(connectionString: string): Promise<TestSchemas> {
  const own = poolOf({ connectionString, connectionsMax: 1 });
  // A schema that is left behind by a test that was killed is never met again.
  const prefix = `odori_test_${randomUUID().slice(0, 8)}`;
  const schemas = [prefix];
  let prepare: boolean;
  try {
    prepare = !(await isPglite(own));
    await own.query(`CREATE SCHEMA ${prefix};
      CREATE TABLE ${prefix}.clock (now bigint NOT NULL);
      INSERT INTO ${prefix}.clock VALUES (0)`);
  } catch (error) {
    await own.end();
    const place = placeOf({ connectionString });
    throw explain(explainLooking(error, place), place);
  }
  return {
    async store(service) {
      const schema = `${prefix}_${schemas.length}`;
      const url = new URL(connectionString);
      url.searchParams.set("options", `-c search_path=${schema},public`);
      const options = { connectionString: url.href, schema, prepare };
      schemas.push(schema);
      await migrate(service, options);
      // The clock of a store is one function of its schema.
      await own.query(`CREATE OR REPLACE FUNCTION ${schema}.now_ms() RETURNS bigint
        LANGUAGE sql VOLATILE AS 'SELECT now FROM ${prefix}.clock'`);
      return postgres(options);
    },
    async clock(now) {
      await own.query(`UPDATE ${prefix}.clock SET now = $1`, [now]);
    },
    async [Symbol.asyncDispose]() {
      try {
        for (const schema of schemas.reverse())
          await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
      } finally {
        await own.end();
      }
    },
  };
}

/** PGlite has one session for all connections, so the second one finds each name in use. */
async function isPglite(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ version: string }>("SELECT version()");
  return rows[0]?.version.includes("PGlite") === true;
}
