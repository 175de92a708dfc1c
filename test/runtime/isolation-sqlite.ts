import assert from "node:assert/strict";
import { service } from "odori";
import type { Runner } from "odori/conformance";
import { asDatabase, type Sql, sqlite } from "odori/sqlite";
import { eventually } from "../support/eventually.ts";
import { sqliteShelves } from "../support/shelf.ts";
import { asked, askedFor, open } from "./isolation.ts";

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "run" in tx;

const ENDINGS = [
  ["an INSERT OR ROLLBACK", "INSERT OR ROLLBACK INTO items VALUES ('fan', 1)"],
  ["a RAISE(ROLLBACK)", "DELETE FROM items WHERE item = 'fan'"],
] as const;

/** What handlers do to a transaction of SQLite through its statements, and through libraries. */
export function sqliteCases({ describe, it }: Runner): void {
  it("a transaction that a library leaves open is the handler's failure", async () => {
    const store = sqlite(":memory:");
    await store.open({ service: "shop", owner: "p1", leaseMs: 1_000, now: Date.now });
    await store.transaction(async (tx) => {
      const scope = tx.scope();
      const database = asDatabase(scope.native);
      database.prepare("CREATE TABLE t (n INTEGER)").run();
      database.prepare("BEGIN").run();
      database.prepare("INSERT INTO t VALUES (1)").run();
      await assert.rejects(async () => scope.keep(), { code: "STATEMENT_NOT_AWAITED" });
      await scope.undo();
    });
    await store.close();
  });

  describe("18-ended-transaction on sqlite", () => {
    for (const [what, statement] of ENDINGS)
      it(`${what} that the handler swallows is the delivery's failure`, async () => {
        await using shelf = await sqliteShelves.make();
        await shelf.stock({ fan: 1 });
        const played = service<unknown>("shelf", {
          setup: (tx) =>
            shelf.run(
              tx,
              `CREATE TRIGGER IF NOT EXISTS keep BEFORE DELETE ON items
           BEGIN SELECT RAISE(ROLLBACK, 'the fan stays'); END`,
            ),
        }).on(asked, {
          name: "take",
          readonly: true,
          async handle({ data }, { tx }) {
            await shelf.note(tx, `begun ${data.n}`);
            if (data.n % 5 === 0 && isSql(tx)) {
              try {
                tx.run(statement);
              } catch {
                // An optional row, thinks the handler.
              }
            }
            if (data.n % 10 !== 0) return;
            // Written to as if it were open, it would be committed at once.
            try {
              await shelf.note(tx, `after ${data.n}`);
            } catch {
              // It is swallowed as well.
            }
          },
        });
        await using stage = await open(shelf, played);
        await stage.hear(...range(20).map(askedFor));
        await eventually(
          "all that end it are parked",
          async () => (await stage.parked()).length,
          4,
        );
        assert.deepEqual(new Set(await stage.codes()), new Set(["TRANSACTION_ENDED"]));
        const good = range(20).filter((n) => n % 5 !== 0);
        assert.deepEqual((await shelf.seen()).notes, good.map((n) => `begun ${n}`).sort());
      });
  });
}
