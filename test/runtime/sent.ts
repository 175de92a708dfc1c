import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { eventually } from "../support/eventually.ts";
import type { ShelfKind } from "../support/shelf.ts";
import { askedFor, open, range, shelfService } from "./isolation.ts";

/** What handlers write without awaiting it. */
export function sentCases({ describe, it }: Runner, kind: ShelfKind): void {
  describe(`statements that are sent, on ${kind.name}`, () => {
    it("one that fails costs its own delivery, and the others are there once", async () => {
      await using shelf = await kind.make();
      const played = shelfService((n, { tx }) => {
        shelf.send(tx, { item: [`item ${n}`, n], text: `${n}` });
        if (n % 10 === 7) shelf.sendFailing(tx);
        // As a caught failure would: the delivery fails nevertheless.
        if (n % 10 === 7) shelf.send(tx, { text: `${n} again` });
      });
      const retry = { attempts: 2, firstMs: 1, longestMs: 1 };
      await using stage = await open(shelf, played, { retry });
      for (let from = 0; from < 200; from += 50)
        await stage.hear(...range(50).map((n) => askedFor(from + n)));
      await eventually("those are parked", async () => (await stage.parked()).length, 20);
      const good = range(200).filter((n) => n % 10 !== 7);
      const { items, notes } = await shelf.seen();
      assert.deepEqual(notes, good.map(String).sort());
      assert.deepEqual(items, Object.fromEntries(good.map((n) => [`item ${n}`, n])));
    });

    it("a handler that reads, and sends what it writes, loses no update", async () => {
      await using shelf = await kind.make();
      await shelf.stock({ shared: 0 });
      const played = shelfService(async (n, { tx }) => {
        const count = await shelf.read(tx, "shared");
        shelf.send(tx, { item: ["shared", count + 1], text: `${n}` });
      });
      await using one = await open(shelf, played);
      await using two = await open(shelf, played);
      await Promise.all([
        one.hear(...range(60).map(askedFor)),
        two.hear(...range(60).map((n) => askedFor(60 + n))),
      ]);
      await eventually("all are taken", async () => (await shelf.seen()).notes.length, 120);
      assert.equal((await shelf.seen()).items.shared, 120);
    });
  });
}
