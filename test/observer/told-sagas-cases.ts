import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { sampleDeferred } from "../../src/conformance/samples.ts";
import { Follower } from "../../src/observer/follow.ts";
import { EARLY_MS } from "../../src/observer/ledger.ts";
import { sagaPage } from "../../src/observer/saga-list.ts";
import { eventually } from "../support/eventually.ts";
import {
  ALIVE_MS,
  Books,
  begun,
  fromOutside,
  order,
  paid,
  patient,
  placed,
  SAGA,
  sent,
  withoutFacts,
} from "./books.ts";

/** Nothing follows from it. */
const unanswered = { ...paid, disposition: "suppressed", emitted: [], effect: undefined } as const;

/** A saga is judged as a whole, whether its feeds have told all of it or it has to be read. */
export function toldCases({ describe, it }: Runner): void {
  describe("an observer of sagas that are told by their feeds", () => {
    it("reads none of them, in one round or in several", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      await books.begin();
      await observer.readFeeds();
      assert.equal(books.verdict(), "running");
      await books.pay();
      await observer.readFeeds();
      await books.ship();
      await observer.readFeeds();
      assert.equal(books.verdict(), "succeeded");
      assert.deepEqual(books.read, []);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those of which rows were told to an earlier process", async () => {
      await using books = await Books.open();
      await books.begin();
      await books.observer().readFeeds();
      await books.write("payment", { journal: [fromOutside] });
      const later = books.observer();
      await later.readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      await books.pay();
      await later.readFeeds();
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those of which another process has read on in the meantime", async () => {
      await using books = await Books.open();
      const [first, second] = [books.observer(), books.observer()];
      await books.begin();
      await first.readFeeds();
      await books.pay();
      await second.readFeeds();
      await books.write("payment", { journal: [fromOutside] });
      await first.readFeeds();
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("does not call one stuck whose beginning its feeds have not told yet", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      // As if order had been read, then had begun the saga, and payment were read behind that.
      await books.write("payment", { journal: [unanswered] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "running");
      await books.begin();
      await observer.readFeeds();
      assert.equal(books.verdict(), "stuck");
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("nor later, while nothing can be read", async () => {
      await using books = await Books.open();
      let passedMs = 0;
      const observer = books.observer({ now: () => Date.now() + passedMs });
      await books.write("payment", { journal: [unanswered] });
      await observer.readFeeds();
      // As of a saga with something that was put off: it is read again, and the feeds are not.
      passedMs = 2 * EARLY_MS;
      await observer.look([SAGA]);
      assert.equal(books.verdict(), "running");
      await observer.readFeeds();
      await observer.look([SAGA]);
      assert.equal(books.verdict(), "stuck");
    });

    it("nor while the feed of its beginning is behind, however old that is", async () => {
      await using books = await Books.open(order, undefined, -2 * EARLY_MS);
      for (const sagaId of ["other", SAGA])
        await books.write("order", { journal: [{ ...begun, sagaId }] });
      await books.write("payment", { journal: [unanswered] });
      const observer = books.observer({ slow: "order" });
      await observer.readFeeds();
      assert.equal(books.verdictOf(SAGA), "running");
      await observer.readFeeds();
      assert.equal(books.verdictOf(SAGA), "stuck");
    });

    it("and calls it stuck in a later call of a command, if its beginning is missing", async () => {
      await using books = await Books.open();
      await books.write("payment", { journal: [unanswered] });
      await books.observer().catchUp();
      assert.equal(books.verdict(), "running");
      await books.observer({ now: () => Date.now() + 2 * EARLY_MS }).catchUp();
      assert.equal(books.verdict(), "stuck");
    });

    it("calls it stuck if its beginning is missing", async () => {
      // Seen at once, it is running; a minute after it was written it no longer is.
      await using books = await Books.open(order, undefined, 2_000 - EARLY_MS);
      await books.write("payment", { journal: [unanswered] });
      const follower = new Follower(books.observer(), books.projection);
      follower.start();
      await eventually("it is stuck", () => books.verdict(), "stuck");
      await follower.stop();
    });

    it("reads those with a delivery that was put off, until it has come to its end", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      await books.begin();
      const parked = { ...paid, disposition: "parked", emitted: [], effect: undefined } as const;
      const { reaction, source, id, type } = paid;
      const put = { reaction, source, type, sagaId: SAGA, state: "parked" } as const;
      await books.write("payment", { journal: [parked], defer: [sampleDeferred(id, put)] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "parked");
      await books.write("payment", { amend: [{ ...paid, attempt: 2 }] });
      await books.ship();
      await observer.readFeeds();
      assert.ok(books.read.length > 0);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those with what a join keeps, until it has fired", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      await books.begin();
      const gathered = {
        ...paid,
        disposition: "gathered",
        emitted: [],
        effect: undefined,
      } as const;
      const { reaction, source, id, type } = paid;
      // What is gathered becomes a retry where the join needs no more: no row tells that.
      const put = { reaction, source, type, sagaId: SAGA, state: "retrying" } as const;
      await books.write("payment", { journal: [gathered], defer: [sampleDeferred(id, put)] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "retrying");
      const other = { ...paid, id: "e-8", source: "/bank" };
      await books.write("payment", { journal: [other] });
      const read = books.read.length;
      await books.observer().readFeeds();
      assert.ok(books.read.length > read);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those in which a deadline may be armed", async () => {
      await using books = await Books.open(patient);
      const armed = sampleDeferred("e-1", {
        ...{ reaction: "deadline order.expired", type: placed.type, sagaId: SAGA },
        ...{ state: "armed", delayMs: 900_000, problem: undefined },
      });
      await books.write("order", { journal: [begun], defer: [armed] });
      await books.observer().readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("reads those that it has forgotten", async () => {
      await using books = await Books.open(order, { forMs: 1, most: 0 });
      const observer = books.observer();
      for (const write of [books.begin, books.pay, books.ship]) await write.call(books);
      await observer.readFeeds();
      books.projection.forget(Date.now() + ALIVE_MS);
      assert.equal(books.projection.forgotten, 1);
      // As after a restart: nothing of it is kept.
      const later = books.observer();
      await books.write("payment", { journal: [fromOutside] });
      await later.readFeeds();
      assert.deepEqual(books.read, [SAGA]);
      const [saga] = sagaPage(books.projection.sql, { limit: 1 }).sagas;
      assert.equal(saga?.steps, 4);
    });

    it("reads those that it has forgotten, and that go on where they had no part", async () => {
      await using books = await Books.open(order, { forMs: 1, most: 0 });
      await books.begin();
      await books.write("order", { journal: [sent] });
      await books.observer().readFeeds();
      books.projection.sql.run("DELETE FROM early");
      books.projection.sql.run("UPDATE saga SET open = 0");
      books.projection.forget(Date.now() + ALIVE_MS);
      assert.equal(books.projection.forgotten, 1);
      books.read.splice(0);
      await books.write("payment", { journal: [fromOutside] });
      await books.observer().readFeeds();
      assert.deepEqual(books.read, [SAGA]);
    });

    it("keeps none that was told long ago", async () => {
      await using books = await Books.open();
      let passedMs = 0;
      const observer = books.observer({ now: () => Date.now() + passedMs });
      await books.begin();
      await observer.readFeeds();
      passedMs = 2 * EARLY_MS;
      await observer.readFeeds();
      await books.write("payment", { journal: [fromOutside] });
      await observer.readFeeds();
      assert.deepEqual(books.read, [SAGA]);
    });

    it("reads those of which the store does not tell what they are", async () => {
      await using books = await Books.open();
      await books.begin();
      const observer = books.observer({ told: withoutFacts });
      await observer.readFeeds();
      await books.pay();
      await observer.readFeeds();
      assert.deepEqual(books.read, [SAGA, SAGA]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });
  });
}
