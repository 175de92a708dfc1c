import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { migrate } from "odori/postgres";
import pg from "pg";
import { FEED, FEED_BEGIN } from "../../src/adapters/postgres/feed-statements.ts";
import { statementsFor } from "../../src/adapters/postgres/statements.ts";
import { newSchema } from "../servers/postgres.ts";
import { closing } from "../support/scope.ts";

const MANY = 20_000;
/** On so few the server reads all of them sooner than an index. */
const FEW = 30;
/** A person or a scrape asks for all that is deferred, and a process gives back as it leaves. */
const READS_ALL = ["count_deferred", "count_marks", "give_back", "list_deferred", "states"];

/** Tables of a service with sagas, each of which waits for a deadline. */
async function grown(connectionString: string, sagas: number) {
  const schema = newSchema();
  await migrate("shop", { connectionString, schema });
  const client = new pg.Client(connectionString);
  await client.connect();
  const run = (text: string) => client.query(text.replaceAll("$S", schema));
  await run(`INSERT INTO $S.saga (saga_id, born, last, marks)
    SELECT md5(n::text), t, t, '{}'
    FROM (SELECT n, $S.now_ms() - n AS t FROM generate_series(1, ${sagas}) AS n) AS one`);
  await run(`INSERT INTO $S.inbox (born, saga_id, reaction, source, id, stem, type, disposition,
      emitted, at)
    SELECT born, saga_id, 'charge', '/order', saga_id, 'a.b', 'a.b.v1', 'done', '[]', last
    FROM $S.saga`);
  await run(`INSERT INTO $S.deferred (reaction, saga_id, source, id, type, state, attempts, due_at,
      set_at, malformed, body, at)
    SELECT 'deadline a.b', saga_id, '/order', saga_id, 'a.b.v1', 'armed', 0, born + 86400000, born,
      false, '[]', born FROM $S.saga`);
  for (const table of ["saga", "inbox", "deferred"]) await run(`ANALYZE $S.${table}`);
  const close = async () => {
    await run("ROLLBACK");
    await run("DROP SCHEMA $S CASCADE");
    await client.end();
  };
  return closing({ schema, run, close });
}

/** How the server does what the bookkeeping asks it. */
export function planCases({ describe, it }: Runner, url: () => string): void {
  describe("plans", () => {
    it("no statement of the bookkeeping reads a whole table of sagas or deliveries", async () => {
      await using on = await grown(url(), MANY);
      await on.run("SET plan_cache_mode = force_generic_plan");
      // As if the tables were larger than they are: a look-up costs less than reading all.
      await on.run("SET random_page_cost = 1");
      const { rows } = await on.run("SELECT $S.now_ms() / 604800000 AS week");
      const table = new RegExp(`Seq Scan on (deferred|saga|inbox_w${rows[0].week})\\b`);
      const found: string[] = [];
      for (const one of Object.values(statementsFor(`"${on.schema}"`))) {
        // What a batch writes has a statement for each of its parts.
        if (typeof one === "function") continue;
        await on.run(`PREPARE one AS ${one.text}`);
        const types = await on.run(`SELECT coalesce(array_length(parameter_types, 1), 0) AS count
        FROM pg_prepared_statements WHERE name = 'one'`);
        const nulls = Array(types.rows[0].count).fill("NULL").join(", ");
        const plan = await on.run(`EXPLAIN EXECUTE one${nulls === "" ? "" : `(${nulls})`}`);
        await on.run("DEALLOCATE one");
        const name = one.name.replace(/^odori_(.*)_\w+$/, "$1");
        if (plan.rows.some((row) => table.test(row["QUERY PLAN"]))) found.push(name);
      }
      assert.deepEqual(found.toSorted(), READS_ALL);
    });

    it("the feed has one plan, by indexes, also if it was made for small tables", async () => {
      await using on = await grown(url(), FEW);
      await on.run(FEED_BEGIN);
      await on.run(`PREPARE feed AS ${FEED}`);
      const { rows } = await on.run("EXPLAIN EXECUTE feed(7, '[]', 100)");
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      assert.match(plan, /seq > \$1/);
      assert.doesNotMatch(plan, /Seq Scan on/);
    });
  });
}
