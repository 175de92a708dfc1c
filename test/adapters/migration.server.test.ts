import { readFileSync } from "node:fs";
import { type PostgresOptions, postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { expectNewNames, finish, OLD_MARKS, OLD_REACTIONS, payment } from "./version-1.ts";

const FIXTURE = new URL("../fixtures/version-1.sql", import.meta.url);

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  const migrating = (
    name: string,
    body: (options: PostgresOptions, schema: string, own: pg.Pool) => Promise<void>,
  ) =>
    it(name, async () => {
      const schema = newSchema();
      const connectionString = serverUrl("postgres");
      const loader = new pg.Client({ connectionString });
      await loader.connect();
      await loader.query(readFileSync(FIXTURE, "utf8").replaceAll("version_1", schema));
      await loader.end();
      const own = new pg.Pool({ connectionString, max: 1 });
      try {
        await body({ connectionString, schema }, schema, own);
      } finally {
        await own.query(`DROP SCHEMA ${schema} CASCADE`);
        await own.end();
      }
    });

  migrating("sagas of version 0.1.0 finish after the migration", async (options, schema, own) => {
    const waiting = postgres(options);
    await expect(waiting.service()).rejects.toMatchObject({ code: "STORE_VERSION" });
    await waiting.close();
    const charges = async () =>
      (await own.query(`SELECT id FROM ${schema}.charges ORDER BY id`)).rows.map(({ id }) => id);
    const declared = payment<Sql>(
      (tx, id) => tx.query(`INSERT INTO ${schema}.charges VALUES ($1)`, [id]),
      (tx, id) => tx.query(`DELETE FROM ${schema}.charges WHERE id = $1`, [id]),
    );
    await finish(postgres(options), declared, charges);
  });

  migrating(
    "names of version 0.1.0 become names without versions",
    async (options, schema, own) => {
      for (const row of OLD_MARKS)
        await own.query(`INSERT INTO ${schema}.fence VALUES ($1, $2, $3)`, [...row]);
      for (const reaction of OLD_REACTIONS)
        await own.query(
          `INSERT INTO ${schema}.inbox
           (reaction, source, id, type, saga_id, disposition, effect, emitted, at)
         VALUES ($1, '/order', 'n', 'order.cancelled.v1', 'named', 'done', 'payment.charged.v1',
           '[]', 1)`,
          [reaction],
        );
      const store = postgres(options);
      await store.open({ service: "payment", owner: "p1", leaseMs: 1_000, now: Date.now });
      await expectNewNames(store);
      await store.close();
    },
  );
});
