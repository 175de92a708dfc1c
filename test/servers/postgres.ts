import type { Bus } from "odori";
import { type BusFactory, localClock, type StoreFactory } from "odori/conformance";
import {
  migrate,
  type PostgresBusOptions,
  type PostgresStore,
  postgres,
  postgresBus,
  type Sql,
} from "odori/postgres";
import pg from "pg";
import { postgresFaults } from "./postgres-faults.ts";

let schemas = 0;

/** A schema that no other test uses. */
export function newSchema(): string {
  return `t${process.pid}_${schemas++}`;
}

/** Stores in schemas of a server, whose clock the tests put forward. */
export function postgresStores(url: () => string): StoreFactory<Sql> {
  return {
    name: "postgres",
    async make() {
      const schema = newSchema();
      const own = new pg.Pool({ connectionString: url(), max: 2 });
      await migrate("shop", { connectionString: url(), schema });
      const clock = localClock();
      // The clock of the database is one function of the schema.
      await own.query(`CREATE TABLE ${schema}.business (key text PRIMARY KEY);
        CREATE TABLE ${schema}.clock (now bigint);
        INSERT INTO ${schema}.clock VALUES (${clock.now});
        CREATE OR REPLACE FUNCTION ${schema}.now_ms() RETURNS bigint LANGUAGE sql VOLATILE
          AS 'SELECT now FROM ${schema}.clock'`);
      const open: PostgresStore[] = [];
      return {
        concurrent: true,
        clock: {
          get now() {
            return clock.now;
          },
          async advance(ms) {
            await clock.advance(ms);
            await own.query(`UPDATE ${schema}.clock SET now = $1`, [clock.now]);
          },
        },
        async connect() {
          const store = postgres({ connectionString: url(), schema });
          open.push(store);
          return store;
        },
        put: async (native, key) => {
          await native.query(`INSERT INTO ${schema}.business (key) VALUES ($1)`, [key]);
        },
        has: async (key) =>
          (await own.query(`SELECT 1 FROM ${schema}.business WHERE key = $1`, [key])).rowCount ===
          1,
        async ownTransaction(work) {
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
        async close() {
          for (const store of open) await store.close();
          await own.query(`DROP SCHEMA ${schema} CASCADE`);
          await own.end();
        },
      };
    },
  };
}

/** Events are published by one process, and heard in another one, as far as the bus can tell. */
function apart(options: PostgresBusOptions): Bus {
  const url = new URL(options.connectionString ?? "");
  url.hostname = url.hostname === "127.0.0.1" ? "localhost" : "127.0.0.1";
  const publishing = postgresBus({ ...options, connectionString: url.href });
  const hearing = postgresBus(options);
  return {
    guarantees: hearing.guarantees,
    publish: (events) => publishing.publish(events),
    subscribe: (subscribed, deliver) => hearing.subscribe(subscribed, deliver),
    close: async () => void (await Promise.all([publishing.close(), hearing.close()])),
  };
}

const NAMES = { batch: "postgres, in batches", apart: "postgres, between processes" } as const;

/** The database as the bus, in a schema of its own for each test. */
export function postgresBuses(url: () => string, mode?: keyof typeof NAMES): BusFactory {
  return {
    name: mode === undefined ? "postgres" : NAMES[mode],
    ...(mode === undefined && { faults: postgresFaults(url) }),
    async make() {
      const schema = newSchema();
      const own = new pg.Pool({ connectionString: url(), max: 1 });
      const open: Bus[] = [];
      return {
        async connect() {
          const options = { connectionString: url(), schema };
          const bus =
            mode === "apart" ? apart(options) : postgresBus({ ...options, mode: mode ?? "binary" });
          open.push(bus);
          return bus;
        },
        async inject(topic, bytes) {
          const insert = `INSERT INTO ${schema}.delivery (group_name, type, body)
            SELECT group_name, type, $2 FROM ${schema}.subscription WHERE type = $1`;
          await own.query(insert, [topic, new TextDecoder().decode(bytes)]);
        },
        async close() {
          for (const bus of open) await bus.close();
          await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
          await own.end();
        },
      };
    },
  };
}
