import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/postgres";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { postgresShelves } from "../support/shelf.ts";
import { askedFor, open, range } from "./isolation.ts";
import { handling } from "./isolation-postgres.ts";

const ENDS_ITSELF = "SELECT pg_terminate_backend(pg_backend_pid())";
/** A handler that takes this long has left its group, and runs by itself. */
const SLOW_MS = 150;
const paused = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function processOf(tx: Sql): Promise<number> {
  return Number((await tx.query("SELECT pg_backend_pid() AS pid")).rows[0]?.pid);
}

/** How often the handler ran in the first attempt, and in the second. */
const runsOf = (attempts: readonly number[]) =>
  [1, 2].map((attempt) => attempts.filter((one) => one === attempt).length);

/** What becomes of a handler whose connection is lost. */
export function lostConnections({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);

  /** Ends a session, and waits until it is gone. */
  const terminate = async (pid: number, wasLooked: (row: pg.QueryResult) => boolean) => {
    const admin = new pg.Client({ connectionString: url() });
    await admin.connect();
    const look = "SELECT state, wait_event FROM pg_stat_activity WHERE pid = $1";
    await eventually("it is where it is to be", () => admin.query(look, [pid]), wasLooked);
    await admin.query("SELECT pg_terminate_backend($1)", [pid]);
    const left = async () => (await admin.query(look, [pid])).rowCount;
    await eventually("the session is gone", left, 0).finally(() => admin.end());
  };
  const sleeps = ({ rows }: pg.QueryResult) => rows[0]?.wait_event === "PgSleep";
  const idles = ({ rows }: pg.QueryResult) => rows[0]?.state === "idle in transaction";

  describe("lost connections", () => {
    it("one that is closed during a statement costs a handler by itself nothing", async () => {
      await using shelf = await kind.make();
      const attempts: number[] = [];
      let losses = 0;
      const played = handling(async (n, tx, { attempt }) => {
        attempts.push(attempt);
        await paused(SLOW_MS);
        await shelf.note(tx, `${n}`);
        if (losses === 2) return;
        losses++;
        const pid = await processOf(tx);
        await Promise.all([tx.query("SELECT pg_sleep(60)"), terminate(pid, sleeps)]);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      await stage.hear(askedFor(0));
      await eventually("it is done", async () => (await shelf.seen()).notes, ["0"]);
      assert.deepEqual(attempts, [1, 1, 1]);
      const [entry] = await stage.app.inspect.journal("saga 0");
      assert.deepEqual([entry?.disposition, entry?.attempt], ["done", 1]);
      assert.equal((await stage.app.health()).state, "ready");
    });

    it("so does one that is closed between two, with any error of the handler", async () => {
      await using shelf = await kind.make();
      const attempts: number[] = [];
      const played = handling(async (n, tx, { attempt }) => {
        attempts.push(attempt);
        await paused(SLOW_MS);
        await shelf.note(tx, `${n}`);
        if (attempts.length > 1) return;
        await terminate(await processOf(tx), idles);
        await tx.query("SELECT 1").catch(() => {});
        throw new Error("the handler's own");
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      await stage.hear(askedFor(0));
      await eventually("it is done", async () => (await shelf.seen()).notes, ["0"]);
      assert.deepEqual(attempts, [1, 1]);
    });

    for (const [how, swallows] of [
      ["", false],
      [", also if it swallows that", true],
    ] as const)
      it(`a handler that ends its own connection each time is parked${how}`, async () => {
        await using shelf = await kind.make();
        const attempts: number[] = [];
        const played = handling(async (n, tx, { attempt }) => {
          if (n !== 3) return shelf.note(tx, `${n}`);
          attempts.push(attempt);
          const ending = tx.query(ENDS_ITSELF);
          return swallows ? ending.catch(() => {}) : ending;
        });
        await using stage = await open(shelf, played);
        await stage.hear(...range(10).map(askedFor));
        await eventually("it is parked", stage.codes, ["57P01"]);
        const done = async () => (await shelf.seen()).notes.length;
        await eventually("the others are done", done, 9);
        assert.deepEqual([...new Set(attempts)], [1, 2]);
        // One in the group, or two on a slow machine; then by itself.
        for (const runs of runsOf(attempts)) assert.ok(runs === 3 || runs === 4, `${attempts}`);
      });

    it("a session that was idle for too long is the handler's own failure", async () => {
      await using shelf = await kind.make();
      const attempts: number[] = [];
      const played = handling(async (n, tx, { attempt }) => {
        attempts.push(attempt);
        await tx.query("SET LOCAL idle_in_transaction_session_timeout = 50");
        const pid = await processOf(tx);
        const admin = new pg.Client({ connectionString: url() });
        await admin.connect();
        const look = "SELECT 1 FROM pg_stat_activity WHERE pid = $1";
        const left = async () => (await admin.query(look, [pid])).rowCount;
        await eventually("the session is gone", left, 0).finally(() => admin.end());
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played);
      await stage.hear(askedFor(0));
      await eventually("it is parked", stage.codes, ["25P03"]);
      // One in the group, and one by itself.
      for (const runs of runsOf(attempts)) assert.ok(runs <= 2, `${attempts}`);
      const [entry] = await stage.parked();
      assert.match(entry?.message ?? "", /idle-in-transaction timeout/);
    });
  });
}
