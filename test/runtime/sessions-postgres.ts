import assert from "node:assert/strict";
import type { EventEnvelope } from "odori";
import type { Runner } from "odori/conformance";
import { eventually } from "../support/eventually.ts";
import { postgresShelves } from "../support/shelf.ts";
import { askedFor, open } from "./isolation.ts";
import { handling, range, turn } from "./isolation-postgres.ts";

/** What a role or a handler sets for a session, and whom it concerns. */
export function sessionCases({ describe, it }: Runner, url: () => string): void {
  const kind = postgresShelves(url);
  describe("settings of a session", () => {
    it("default-isolation: a role that is set to repeatable read changes nothing", async () => {
      await using shelf = await kind.make({
        sessionOptions: "-c default_transaction_isolation=repeatable\\ read",
      });
      await shelf.stock({ drum: 0 });
      const levels = new Set<unknown>();
      const played = handling(async (n, tx) => {
        if (n % 2 === 0) await turn();
        const { rows } = await tx.query("SHOW transaction_isolation");
        levels.add(rows[0]?.transaction_isolation);
        await shelf.write(tx, "drum", (await shelf.read(tx, "drum")) + 1);
      });
      await using one = await open(shelf, played);
      await using two = await open(shelf, played);
      await Promise.all([
        one.hear(...range(40).map(askedFor)),
        two.hear(...range(40).map((n) => askedFor(n + 40))),
      ]);
      // The second process writes deliveries down first: the one before it may have died.
      await eventually("all are counted", async () => (await shelf.seen()).items, { drum: 80 });
      assert.deepEqual([...levels], ["read committed"]);
    });

    it("what a handler changes in its session is gone with its transaction", async () => {
      await using shelf = await kind.make();
      const seen = new Set<unknown>();
      const changes = [
        "SET statement_timeout = '7s'",
        "CREATE TEMP TABLE mine (n int)",
        "DEALLOCATE ALL",
        "SELECT set_config('statement_timeout', '8s', false)",
      ];
      const played = handling(async (n, tx) => {
        const change = changes[n % 8];
        if (change !== undefined) await tx.query(change);
        else seen.add((await tx.query("SHOW statement_timeout")).rows[0]?.statement_timeout);
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      for (let from = 0; from < 96; from += 32)
        await stage.hear(...range(32).map((n) => askedFor(from + n)));
      await eventually("all are done", async () => (await shelf.seen()).notes.length, 96);
      assert.deepEqual(await stage.parked(), []);
      assert.deepEqual([...seen], ["0"]);
    });

    it("settings and temporary tables of one handler are not seen by the next", async () => {
      await using shelf = await kind.make();
      const seen = new Set<unknown>();
      const played = handling(async (n, tx) => {
        if (n % 3 === 0) await tx.query("SET LOCAL statement_timeout = '7s'");
        if (n % 3 === 1) await tx.query("CREATE TEMP TABLE mine (n int) ON COMMIT DROP");
        if (n % 3 === 2)
          seen.add((await tx.query("SHOW statement_timeout")).rows[0]?.statement_timeout);
        await shelf.note(tx, `${n}`);
      });
      await using stage = await open(shelf, played, { retry: { attempts: 1 } });
      // Several times: on a busy machine handlers may for once share no transaction.
      for (let from = 0; from < 90; from += 30) {
        const events: readonly EventEnvelope[] = range(30).map((n) => askedFor(from + n));
        await stage.hear(...events);
      }
      await eventually("all are done", async () => (await shelf.seen()).notes.length, 90);
      assert.deepEqual(await stage.parked(), []);
      assert.deepEqual([...seen], ["0"]);
    });
  });
}
