import { service, start } from "odori";
import { memoryBus } from "odori/memory";
import { postgres, type Sql } from "odori/postgres";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "setup on Postgres"), () => {
  it("two processes that start at once create their tables one after the other", async () => {
    const schema = newSchema();
    const url = serverUrl("postgres");
    const own = new pg.Pool({ connectionString: url, max: 1 });
    await using _own = closing({ close: () => own.end() });
    const waits = async () => {
      const { rows } = await own.query(
        `SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN
           (SELECT pid FROM pg_stat_activity WHERE datname = current_database()
              AND query LIKE $1)`,
        [`%${schema}%`],
      );
      return rows.length > 0;
    };
    let began = 0;
    const shop = service<Sql>("shop", {
      async setup(tx) {
        const first = ++began === 1;
        await tx.query(`CREATE TABLE IF NOT EXISTS ${schema}.stock (sku text)`);
        // The other one waits now, before its setup or in the middle of it.
        if (first) await eventually("another process waits", waits, true);
      },
    }).begins(placed);
    const process = () =>
      start(shop, {
        store: postgres({ connectionString: url, schema }),
        bus: memoryBus(["shop"]),
      });
    const apps = await Promise.all([process(), process()]);
    expect(began).toBe(2);
    for (const app of apps) await app.stop();
    await own.query(`DROP SCHEMA ${schema} CASCADE`);
  });
});
