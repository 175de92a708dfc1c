import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/postgres";
import { eventually } from "../support/eventually.ts";
import { postgresShelves, type Shelf } from "../support/shelf.ts";
import { askedFor, open } from "./isolation.ts";
import { handling } from "./isolation-postgres.ts";

/** What a handler does after it has swallowed the failure of a statement. */
const AFTER: Readonly<Record<string, (shelf: Shelf, tx: Sql) => unknown>> = {
  "another statement": (shelf, tx) => shelf.note(tx, "after"),
  "a statement that it sends": (shelf, tx) => shelf.send(tx, { text: "after" }),
  "two statements at once": (shelf, tx) =>
    Promise.all([shelf.note(tx, "after"), shelf.note(tx, "and after")]),
  "another swallowed statement": (_, tx) => tx.query("SELECT 1").catch(() => {}),
  nothing: () => {},
};
/** A handler that takes this long runs by itself. */
const SLOW_MS = 80;
const paused = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What becomes of a handler that goes on after one of its statements has failed. */
export function swallowedFailures({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);
  describe("swallowed failures of statements", () => {
    for (const [what, go] of Object.entries(AFTER))
      for (const [where, ms] of [
        ["in a group", 0],
        ["by itself", SLOW_MS],
      ] as const)
        it(`the first one is the cause, with ${what} after it, ${where}`, async () => {
          await using shelf = await kind.make();
          const played = handling(async (_, tx) => {
            if (ms > 0) await paused(ms);
            await shelf.note(tx, "before");
            await tx.query("SELECT 1/0").catch(() => {});
            await go(shelf, tx);
          });
          await using stage = await open(shelf, played, { retry: { attempts: 1 } });
          await stage.hear(askedFor(0));
          await eventually("it is parked", stage.codes, ["22012"]);
          const [entry] = await stage.parked();
          assert.match(
            entry?.message ?? "",
            /^division by zero\. The handler went on .* savepoint/,
          );
          assert.match(entry?.stack ?? "", /caused by error: division by zero/);
          assert.deepEqual((await shelf.seen()).notes, []);
        });

    it("one from which a savepoint has recovered is not the cause of a later one", async () => {
      await using shelf = await kind.make();
      const played = handling(async (n, tx) => {
        await shelf.note(tx, "before");
        await shelf.attempt(tx, async () => void (await tx.query("SELECT 1/0").catch(() => {})));
        if (n === 0) return;
        await tx.query("SELECT 'one'::int").catch(() => {});
        if (n === 1) await shelf.note(tx, "after");
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      await stage.hear(askedFor(0), askedFor(1), askedFor(2));
      await eventually("both are parked", stage.codes, ["22P02", "22P02"]);
      await eventually("the first is done", async () => (await shelf.seen()).notes, ["before"]);
    });
  });
}
