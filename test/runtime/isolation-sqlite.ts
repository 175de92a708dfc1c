import assert from "node:assert/strict";
import { service } from "odori";
import type { Runner } from "odori/conformance";
import type { Sql } from "odori/sqlite";
import { eventually } from "../support/eventually.ts";
import { sqliteShelves } from "../support/shelf.ts";
import { asked, askedFor, open } from "./isolation.ts";

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "run" in tx;

const ENDINGS = [
  ["an INSERT OR ROLLBACK", "INSERT OR ROLLBACK INTO items VALUES ('fan', 1)"],
  ["a RAISE(ROLLBACK)", "DELETE FROM items WHERE item = 'fan'"],
] as const;

/** Statements of SQLite that end the transaction, and that the handler swallows. */
export function sqliteCases({ describe, it }: Runner): void {
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
