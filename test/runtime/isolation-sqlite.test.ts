import { service } from "odori";
import type { Sql } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { sqliteShelves } from "../support/shelf.ts";
import { asked, askedFor, open } from "./isolation.ts";

const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const isSql = (tx: unknown): tx is Sql => typeof tx === "object" && tx !== null && "run" in tx;

describe("SQLite: ended transaction, commit inside handler", () => {
  it.each([
    ["an INSERT OR ROLLBACK", "INSERT OR ROLLBACK INTO items VALUES ('fan', 1)"],
    ["a RAISE(ROLLBACK)", "DELETE FROM items WHERE item = 'fan'"],
  ])("%s that the handler swallows is the delivery's failure", async (_what, statement) => {
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
    await eventually("all that end it are parked", async () => (await stage.parked()).length, 4);
    expect(new Set(await stage.codes())).toEqual(new Set(["TRANSACTION_ENDED"]));
    const good = range(20).filter((n) => n % 5 !== 0);
    expect((await shelf.seen()).notes).toEqual(good.map((n) => `begun ${n}`).sort());
  });
});
