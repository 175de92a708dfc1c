import { readFileSync } from "node:fs";
import { type PostgresOptions, postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { finish, payment } from "./version-1.ts";

const FIXTURE = new URL("../fixtures/version-1.sql", import.meta.url);

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres"), () => {
  it("sagas of version 0.1.0 finish after the migration", async () => {
    const schema = newSchema();
    const connectionString = serverUrl("postgres");
    const options: PostgresOptions = { connectionString, schema };
    const loader = new pg.Client({ connectionString });
    await loader.connect();
    await loader.query(readFileSync(FIXTURE, "utf8").replaceAll("version_1", schema));
    await loader.end();
    const own = new pg.Pool({ connectionString, max: 1 });
    try {
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
    } finally {
      await own.query(`DROP SCHEMA ${schema} CASCADE`);
      await own.end();
    }
  });
});
