import assert from "node:assert/strict";
import type { Runner } from "odori/conformance";
import { sampleDeferred } from "../../src/conformance/samples.ts";
import { TrafficReader } from "../../src/console/traffic.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { openRows, sagaPage, sagaRow } from "../../src/observer/saga-list.ts";
import type { JournalEntry } from "../../src/ports/journal.ts";
import { eventually } from "../support/eventually.ts";
import { Books, begun, expired, fromOutside, paid, patient, SAGA, sent } from "./books.ts";

const { reaction, source, type } = paid;
const PAYMENT = { service: "payment", reaction, type };
/** Nothing follows from it. */
const suppressed = { ...paid, disposition: "suppressed", emitted: [], effect: undefined } as const;
const parked = { ...suppressed, disposition: "parked" } as const;
const PARKED = sampleDeferred("e-1", { reaction, source, type, state: "parked" });
const ran: JournalEntry = {
  ...begun,
  ...{ id: "e-5", reaction: "deadline order.expired", type: expired.type },
  ...{ disposition: "expired", emitted: [{ id: "e-5", type: expired.type }] },
};

/** Lets a saga begin, and gives up on its delivery, as a service and then a person do. */
async function discarded(books: Books, sagaId = SAGA): Promise<void> {
  const of = <T>(row: T) => ({ ...row, sagaId });
  await books.write("order", { journal: [of(begun)] });
  await books.write("payment", { journal: [of(parked)], defer: [of(PARKED)] });
  await books.discard(sagaId);
}

/** What is written from now on is of a later time. */
async function later(): Promise<void> {
  const at = Date.now();
  await eventually("the clock goes on", () => Date.now() > at, true);
}

/** Who waits or rests where. */
const placesIn = ({ projection }: Books) => new TrafficReader(projection).read(Date.now()).open;
const restsIn = ({ projection: { sql } }: Books, id = SAGA) => {
  const { rests } = sagaRow(sql, id) ?? {};
  return rests && { ...rests, at: 0 };
};
const stem = (name: string) => name.replace(/\.v\d+$/, "");
const stuckAt = (place: typeof PAYMENT, n: number) => ({
  ...{ service: place.service, reaction: place.reaction, stem: stem(place.type) },
  ...{ verdict: "stuck", n },
});

/** A saga that is stuck is at the place where it came to rest, and open in no sum. */
export function restingCases({ describe, it }: Runner): void {
  describe("a saga that is stuck", () => {
    it("rests at the delivery that a person has discarded, also if more came later", async () => {
      await using books = await Books.open();
      await discarded(books);
      const observer = books.observer();
      await observer.catchUp();
      const place = { ...PAYMENT, disposition: "discarded", at: 0 };
      assert.equal(books.verdict(), "stuck");
      assert.deepEqual(restsIn(books), place);
      assert.deepEqual(placesIn(books), [stuckAt(PAYMENT, 1)]);
      await later();
      await books.write("payment", { journal: [{ ...fromOutside, reaction: "another" }] });
      await observer.catchUp();
      assert.deepEqual(restsIn(books), place);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("rests at the step that was suppressed, if that was the last one", async () => {
      await using books = await Books.open();
      await books.begin();
      await books.write("payment", { journal: [suppressed] });
      await books.observer().catchUp();
      assert.deepEqual(restsIn(books), { ...PAYMENT, disposition: "suppressed", at: 0 });
      assert.deepEqual(placesIn(books), [stuckAt(PAYMENT, 1)]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("rests at the step whose event nothing hears", async () => {
      await using books = await Books.open(patient);
      await books.begin();
      await books.write("payment", { journal: [suppressed] });
      await later();
      await books.write("order", { journal: [ran] });
      await books.observer().catchUp();
      const place = { service: "order", reaction: ran.reaction, type: expired.type };
      assert.deepEqual(restsIn(books), { ...place, disposition: "expired", at: 0 });
      assert.deepEqual(placesIn(books), [stuckAt(place, 1)]);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("is counted and listed at that place with the others, by each filter", async () => {
      await using books = await Books.open();
      await discarded(books, "a");
      await discarded(books, "b");
      await books.observer().catchUp();
      assert.deepEqual(placesIn(books), [stuckAt(PAYMENT, 2)]);
      const { sql } = books.projection;
      const ids = (query: Partial<Parameters<typeof sagaPage>[1]>) =>
        sagaPage(sql, { limit: 9, ...query })
          .sagas.map(({ id }) => id)
          .sort();
      assert.deepEqual(ids({ at: "payment" }), ["a", "b"]);
      assert.deepEqual(ids({ at: "payment", verdicts: ["stuck"] }), ["a", "b"]);
      assert.deepEqual(ids({ at: "payment", verdicts: ["parked"] }), []);
      assert.deepEqual(ids({ at: "payment", prefix: "b" }), ["b"]);
      assert.deepEqual(ids({ at: "order" }), []);
      const event = stem(PAYMENT.type);
      assert.deepEqual(ids({ at: "payment", events: [event] }), ["a", "b"]);
      assert.deepEqual(ids({ events: ["other", event] }), ["a", "b"]);
      assert.deepEqual(ids({ events: [event], verdicts: ["parked"] }), []);
      assert.deepEqual(ids({ at: "payment", events: ["other"] }), []);
      assert.deepEqual(ids({ at: "order", events: [event] }), []);
      assert.deepEqual(ids({ at: "payment", events: [event], prefix: "b" }), ["b"]);
      assert.deepEqual(ids({ at: "payment", events: ["other"], prefix: "b" }), []);
    });

    it("has nothing that is open, in no sum and no list", async () => {
      await using books = await Books.open();
      await discarded(books);
      const observer = books.observer();
      await observer.catchUp();
      const { projection } = books;
      const { sql } = projection;
      assert.deepEqual(openRows(sql, SAGA, 9), []);
      const { open, waitsFor } = sagaRow(sql, SAGA) ?? {};
      assert.deepEqual([open, waitsFor], [0, undefined]);
      assert.deepEqual(projection.openSagas("", 9), []);
      assert.deepEqual(projection.deferredSagas("", 9), []);
      const sums = () =>
        projection.accounts(Date.now()).map((line) => {
          const { emitted, putOff, onItsWay } = line;
          return { emitted, putOff, onItsWay, unexplained: unexplained(line) };
        });
      const none = { putOff: 0, onItsWay: 0, unexplained: 0 };
      assert.deepEqual(sums(), [{ emitted: 1, ...none }]);
      // Written once more as it is.
      await observer.look([SAGA]);
      assert.deepEqual(sums(), [{ emitted: 1, ...none }]);
    });

    it("is at that place no longer once it goes on", async () => {
      await using books = await Books.open();
      await discarded(books);
      const observer = books.observer();
      await observer.catchUp();
      assert.deepEqual(placesIn(books), [stuckAt(PAYMENT, 1)]);
      const again = { ...fromOutside, disposition: "done", emitted: paid.emitted } as const;
      await books.write("payment", { journal: [{ ...again, effect: paid.effect }] });
      // Once: what is open would be read again, and written once more.
      await observer.readFeeds();
      assert.equal(books.verdict(), "running");
      assert.equal(restsIn(books), undefined);
      const [way, ...more] = placesIn(books);
      assert.deepEqual([way?.service, way?.verdict, more], ["order", "running", []]);
      await books.write("order", { journal: [sent] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "succeeded");
      assert.deepEqual(placesIn(books), []);
      assert.deepEqual(books.projection.dump(), await books.whole());
    });

    it("is at no place while it is not known whether it is at rest", async () => {
      await using books = await Books.open();
      const observer = books.observer();
      // As if order had been read, then had begun the saga, and payment were read behind that.
      await books.write("payment", { journal: [suppressed] });
      await observer.readFeeds();
      assert.equal(books.verdict(), "running");
      assert.deepEqual(placesIn(books), []);
      await books.begin();
      await observer.readFeeds();
      assert.deepEqual(placesIn(books), [stuckAt(PAYMENT, 1)]);
    });
  });
}
