import assert from "node:assert/strict";
import type { EventEnvelope } from "odori";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/postgres";
import { eventually } from "../support/eventually.ts";
import { postgresShelves, type Shelf } from "../support/shelf.ts";
import { askedFor, open, range } from "./isolation.ts";
import { handling, holdRow } from "./isolation-postgres.ts";

/** Deliveries after which the handlers of a reaction travel together. */
const HISTORY = 20;

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
