import fc from "fast-check";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { poolOf } from "../../src/adapters/postgres/options.ts";
import { runnerOf } from "../conformance/runner.ts";
import { newSchema } from "../servers/postgres.ts";
import { serverUrl, titleOf, urlOf } from "../servers/shared.ts";
import { flightCases } from "./postgres-flight.ts";
import { outcomesOf, plans } from "./postgres-flight-random.ts";

describe.skipIf(urlOf("postgres") === undefined)(titleOf("postgres", "Postgres flights"), () => {
  flightCases(runnerOf(), () => serverUrl("postgres"));

  it("random flights come to what they come to with a Sync each", async () => {
    await using scope = new AsyncDisposableStack();
    const url = serverUrl("postgres");
    const schema = newSchema();
    const table = `${schema}.row`;
    const single = new pg.Client({ connectionString: url, pipeline: true });
    await single.connect();
    scope.defer(() => single.end());
    await single.query(`CREATE SCHEMA ${schema}; CREATE TABLE ${table} (n int PRIMARY KEY)`);
    scope.defer(async () => void (await single.query(`DROP SCHEMA ${schema} CASCADE`)));
    const pool = poolOf({ connectionString: url, connectionsMax: 1 });
    scope.defer(() => pool.end());
    const together = await pool.connect();
    scope.defer(() => together.release());
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const place = { table, run: run++ };
        const expected = await outcomesOf(single, place, plan);
        expect(await outcomesOf(together, place, plan)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});
