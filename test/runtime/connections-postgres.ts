import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import pg from "pg";
import { eventually } from "../support/eventually.ts";
import { postgresShelves } from "../support/shelf.ts";
import { silent } from "../support/stage.ts";
import { askedFor, open, range } from "./isolation.ts";
import { countOf, handling, pidOf } from "./isolation-postgres.ts";

/** Ends a session, as the server does with a transaction that is idle for long. */
async function closeSession(connectionString: string, pid: number): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const gone = async () => {
    const text = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1";
    return (await client.query(text, [pid])).rowCount;
  };
  await eventually("the session is gone", gone, 0).finally(() => client.end());
}

/** What becomes of a handler whose connection is closed. */
export function connectionCases({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);
  describe("connections of handlers", () => {
    it("a handler that ends its own connection costs itself, and is parked", async () => {
      await using shelf = await kind.make();
      const played = handling(async (n, tx) => {
        await shelf.note(tx, `${n}`);
        if (n === 3) await tx.query("SELECT pg_terminate_backend(pg_backend_pid())");
      });
      await using stage = await open(shelf, played);
      await stage.hear(...range(10).map(askedFor));
      await eventually("it is parked", async () => (await stage.parked()).length, 1);
      const good = range(10).filter((n) => n !== 3);
      await eventually(
        "the others are done",
        async () => (await shelf.seen()).notes,
        good.map(String),
      );
    });

    it("so does one of a single statement, which travels with others", async () => {
      await using shelf = await kind.make();
      const played = handling(async (n, tx) => {
        if (n === 23) await tx.query("SELECT pg_terminate_backend(pg_backend_pid())");
        else await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played);
      // The reaction gets a history first.
      await stage.hear(...range(20).map(askedFor));
      const done = async () => (await shelf.seen()).notes.length;
      await eventually("the first are done", done, 20);
      await stage.hear(...range(10).map((n) => askedFor(n + 20)));
      await eventually("it is parked", async () => (await stage.parked()).length, 1);
      await eventually("the others are done", done, 29);
    });

    it("handlers that set something for their transaction do not wait for each other", async () => {
      await using shelf = await kind.make();
      const waited: unknown[] = [];
      const logger = { ...silent, debug: (_: string, fields: unknown) => waited.push(fields) };
      const played = handling(async (n, tx) => {
        await tx.query("SET LOCAL work_mem = '8MB'");
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played, { logger });
      await stage.hear(...range(90).map(askedFor));
      await eventually("all are done", async () => (await shelf.seen()).notes.length, 90);
      assert.deepEqual(waited, []);
    });

    it("a handler whose connection is closed while it waits is parked in the end", async () => {
      await using shelf = await kind.make();
      const attempts: number[] = [];
      const played = handling(async (n, tx, { attempt }) => {
        attempts.push(attempt);
        // By itself, it has a transaction of its own.
        await new Promise((resolve) => setTimeout(resolve, 50));
        await shelf.note(tx, `${n}`);
        await closeSession(url(), await pidOf(tx));
      });
      await using stage = await open(shelf, played);
      await stage.hear(askedFor(0));
      await eventually("it is parked", stage.codes, ["TRANSACTION_ENDED"]);
      // It may have been an outage: the third loss in a row is an attempt.
      assert.deepEqual(attempts, [1, 1, 1, 2, 2, 2]);
      assert.equal((await stage.app.health()).state, "ready");
      assert.equal(await countOf(shelf), 0);
    });
  });
}
