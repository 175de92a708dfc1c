import assert from "node:assert/strict";
import type { EventEnvelope } from "odori";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/postgres";
import pg from "pg";
import { TcpProxy } from "../chaos/proxy.ts";
import { eventually } from "../support/eventually.ts";
import { postgresShelves, type Shelf } from "../support/shelf.ts";
import { silent } from "../support/stage.ts";
import { askedFor, open, range } from "./isolation.ts";
import { handling, holdRow } from "./isolation-postgres.ts";

/** Deliveries after which the handlers of a reaction travel together. */
const HISTORY = 20;

/** The bookkeeping of one delivery takes long, once: a sequence is not rolled back. */
const NAP = `CREATE SEQUENCE naps;
  CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF new.saga_id = 'saga ${HISTORY}' AND nextval('naps') = 1 THEN PERFORM pg_sleep(5); END IF;
    RETURN new; END $$;
  CREATE TRIGGER nap BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION nap()`;

/** Waits until no session sleeps. */
async function awake(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const text =
    "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query NOT LIKE '%pg_sleep%'";
  const look = async () => (await client.query(text)).rowCount;
  await eventually("no session sleeps", look, 0).finally(() => client.end());
}

/** What is sent, where the server does something else than to answer at once. */
export function sentOnPostgres({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);
  /** Opens a service whose handlers have a history, with a row for each of `count` deliveries. */
  const travelling = async (
    shelf: Shelf,
    count: number,
    handle: (n: number, tx: Sql) => Promise<unknown>,
  ) => {
    const stage = await open(shelf, handling(handle), { retry: { firstMs: 1, longestMs: 1 } });
    await stage.hear(...range(HISTORY).map(askedFor));
    const later: readonly EventEnvelope[] = range(count).map((n) => askedFor(HISTORY + n));
    const notes = async () => (await shelf.seen()).notes.length;
    return { stage, later, notes };
  };

  describe("statements that are sent, on a server", () => {
    it("only the saga that needs a locked row waits for it", async () => {
      await using shelf = await kind.make();
      await shelf.stock(Object.fromEntries(range(HISTORY + 30).map((n) => [`item ${n}`, 0])));
      await using row = await holdRow(url(), shelf, `item ${HISTORY + 3}`);
      const { stage, later, notes } = await travelling(shelf, 30, async (n, tx) =>
        shelf.send(tx, { item: [`item ${n}`, 1], text: `${n}` }),
      );
      await using _ = stage;
      const heard = stage.hear(...later);
      await eventually("the others are done", notes, HISTORY + 29);
      assert.equal((await stage.app.health()).state, "ready");
      await row.release();
      await heard;
      assert.equal(await notes(), HISTORY + 30);
      const [entry] = await stage.app.inspect.journal(`saga ${HISTORY + 3}`);
      assert.deepEqual([entry?.disposition, entry?.attempt], ["done", 1]);
    });

    it("an interruption that meets the bookkeeping behind them is not an outage", async () => {
      const proxy = await TcpProxy.listen();
      await using _ = { [Symbol.asyncDispose]: () => proxy.close() };
      const through = new URL(url());
      proxy.target = Number(through.port);
      through.port = `${proxy.port}`;
      await using shelf = await postgresShelves(() => through.href).make();
      const errors: string[] = [];
      const logger = { ...silent, error: (message: string) => void errors.push(message) };
      const played = handling(async (n, tx) => {
        if (n === 0) await tx.query(NAP);
        else shelf.send(tx, { text: `note ${n}` });
      });
      await using stage = await open(shelf, played, { logger });
      await stage.hear(...range(HISTORY).map(askedFor));
      proxy.after(`note ${HISTORY}`, () => {
        const release = proxy.hold();
        proxy.after("pg_cancel_backend", () => void awake(url()).then(release));
      });
      await stage.hear(...range(30).map((n) => askedFor(HISTORY + n)));
      assert.equal((await shelf.seen()).notes.length, HISTORY + 29);
      assert.deepEqual(errors, []);
    });

    it("one that takes long, or ends the connection, costs itself", async () => {
      await using shelf = await kind.make();
      const { stage, later, notes } = await travelling(shelf, 30, async (n, tx) => {
        if (n === HISTORY + 3) tx.send("SELECT pg_sleep(0.3)");
        if (n === HISTORY + 7) tx.send("SELECT pg_terminate_backend(pg_backend_pid())");
        shelf.send(tx, { text: `${n}` });
      });
      await using _ = stage;
      await stage.hear(...later);
      const counts = async () => (await stage.app.inspect.counts()).deferred.parked ?? 0;
      await eventually("the one that ends it is parked", counts, 1);
      await eventually("the others are done", notes, HISTORY + 29);
    });
  });
}
