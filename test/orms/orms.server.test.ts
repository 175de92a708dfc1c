import { EntitySchema } from "@mikro-orm/core";
import { MikroORM } from "@mikro-orm/postgresql";
import { sql as drizzleSql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import knex from "knex";
import { CompiledQuery, Kysely, PostgresDialect } from "kysely";
import { type App, service, start } from "odori";
import { memoryBus } from "odori/memory";
import {
  fromDrizzle,
  fromKnex,
  fromKysely,
  fromMikroOrm,
  fromPostgresJs,
  fromTypeOrm,
  type Sql,
  type SqlClient,
  postgres as store,
} from "odori/postgres";
import pg from "pg";
import postgresJs from "postgres";
import { DataSource } from "typeorm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { silent } from "../support/stage.ts";

/**
 * A library: opens a transaction, writes a business row with it, and hands the transaction over as
 * a `SqlClient`.
 */
interface Library {
  readonly name: string;
  open(url: string): Promise<{
    transaction(statement: string, work: (tx: SqlClient) => Promise<unknown>): Promise<unknown>;
    close(): Promise<unknown>;
  }>;
}

const Business = new EntitySchema<{ key: string }>({
  name: "business",
  properties: { key: { type: "text", primary: true } },
});

const libraries: readonly Library[] = [
  {
    name: "pg",
    async open(url) {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      return {
        async transaction(statement, work) {
          const client = await pool.connect();
          try {
            await client.query("BEGIN");
            await client.query(statement);
            // A client of pg is a `SqlClient` as it is.
            await work(client);
            await client.query("COMMIT");
          } catch (error) {
            await client.query("ROLLBACK");
            throw error;
          } finally {
            client.release();
          }
        },
        close: () => pool.end(),
      };
    },
  },
  {
    name: "postgres.js",
    async open(url) {
      const sql = postgresJs(url, { max: 1, onnotice: () => {} });
      return {
        transaction: (statement, work) =>
          sql.begin(async (tx) => {
            await tx.unsafe(statement);
            await work(fromPostgresJs(tx));
          }),
        close: () => sql.end(),
      };
    },
  },
  {
    name: "Kysely",
    async open(url) {
      const db = new Kysely<Record<string, never>>({
        dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 1 }) }),
      });
      return {
        transaction: (statement, work) =>
          db.transaction().execute(async (trx) => {
            await trx.executeQuery(CompiledQuery.raw(statement));
            await work(fromKysely(trx, CompiledQuery.raw));
          }),
        close: () => db.destroy(),
      };
    },
  },
  {
    name: "Drizzle",
    async open(url) {
      const pool = new pg.Pool({ connectionString: url, max: 1 });
      const db = drizzle(pool);
      return {
        transaction: (statement, work) =>
          db.transaction(async (tx) => {
            await tx.execute(drizzleSql.raw(statement));
            await work(fromDrizzle(tx, drizzleSql));
          }),
        close: () => pool.end(),
      };
    },
  },
  {
    name: "Knex",
    async open(url) {
      const db = knex({ client: "pg", connection: url, pool: { min: 0, max: 1 } });
      return {
        transaction: (statement, work) =>
          db.transaction(async (trx) => {
            await trx.raw(statement);
            await work(fromKnex(trx));
          }),
        close: () => db.destroy(),
      };
    },
  },
  {
    name: "TypeORM",
    async open(url) {
      const source = await new DataSource({
        type: "postgres",
        url,
        extra: { max: 1 },
      }).initialize();
      return {
        transaction: (statement, work) =>
          source.transaction(async (em) => {
            await em.query(statement);
            await work(fromTypeOrm(em));
          }),
        close: () => source.destroy(),
      };
    },
  },
  {
    name: "MikroORM",
    async open(url) {
      const orm = await MikroORM.init({
        clientUrl: url,
        entities: [Business],
        pool: { max: 1 },
        ensureDatabase: false,
      });
      return {
        transaction: (statement, work) =>
          orm.em.fork().transactional(async (em) => {
            await em.getConnection().execute(statement, [], "run", em.getTransactionContext());
            await work(fromMikroOrm(em));
          }),
        close: () => orm.close(true),
      };
    },
  },
];

const shop = service<Sql>("shop").begins(placed);

describe.skipIf(urlOf("postgres") === undefined)(
  titleOf("postgres", "joining a transaction of"),
  () => {
    const schema = newSchema();
    const bus = memoryBus(["shop"]);
    let own: pg.Pool;
    let app: App<Sql, typeof placed>;
    beforeAll(async () => {
      own = new pg.Pool({ connectionString: serverUrl("postgres"), max: 1 });
      app = await start(shop, {
        store: store({ connectionString: serverUrl("postgres"), schema }),
        bus,
        logger: silent,
      });
      await own.query(`CREATE TABLE ${schema}.business (key text PRIMARY KEY)`);
    });
    afterAll(async () => {
      await app.stop();
      await bus.close();
      await own.query(`DROP SCHEMA ${schema} CASCADE`);
      await own.end();
    });

    it.each(libraries)("$name: commit keeps both, rollback loses both", async ({ name, open }) => {
      const db = await open(serverUrl("postgres"));
      const saga = (suffix: string) => `it's ${name}? ${suffix}`;
      const begin = (id: string, tx: SqlClient) =>
        app.begin(id, () => placed({ orderId: id }), { within: tx });
      const insert = (id: string) => {
        const key = id.replaceAll("'", "''").replaceAll("?", "");
        return `INSERT INTO ${schema}.business (key) VALUES ('${key}')`;
      };
      try {
        await db.transaction(insert(saga("kept")), async (tx) => {
          expect((await begin(saga("kept"), tx)).begun).toBe(true);
          expect((await begin(saga("kept"), tx)).begun).toBe(false);
        });
        const failure = new Error("the caller failed");
        const failing = db.transaction(insert(saga("lost")), async (tx) => {
          expect((await begin(saga("lost"), tx)).begun).toBe(true);
          throw failure;
        });
        await expect(failing).rejects.toThrow(failure.message);
      } finally {
        await db.close();
      }
      expect(
        (await app.inspect.journal(saga("kept"))).map(({ disposition }) => disposition),
      ).toEqual(["begun"]);
      expect(await app.inspect.journal(saga("lost"))).toEqual([]);
      const { rows } = await own.query(`SELECT key FROM ${schema}.business WHERE key LIKE $1`, [
        `%${name}%`,
      ]);
      expect(rows).toEqual([{ key: saga("kept").replaceAll("?", "") }]);
    });
  },
);
