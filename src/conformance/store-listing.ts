import assert from "node:assert/strict";
import type { SagaPlace, SagaQuery } from "../ports/inspection.ts";
import { BEHIND_ALL, comparePlaces } from "../ports/saga-order.ts";
import type { Store } from "../ports/store.ts";
import { sampleDeferred, sampleEntry, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

const SAGAS = 2_500;
const PAGE = 400;
const BATCH = 500;

/** Tests the lists of sagas, also of many, and what a store has of each. */
export function listingSuite<Native>(test: StoreTest<Native>): void {
  test("many sagas are listed in pages, each once, the latest first", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    for (let first = 0; first < SAGAS; first += BATCH) {
      await writeMany(store, first);
      await clock.advance(7);
    }
    const places = await pagesOf(store, {});
    assert.equal(new Set(places.map(({ sagaId }) => sagaId)).size, SAGAS);
    assert.deepEqual(
      places,
      places.toSorted((a, b) => comparePlaces(b, a)),
    );
    const [middle = BEHIND_ALL] = places.slice(SAGAS / 2);
    const [next] = await store.inspect.list({ before: middle, limit: 1 });
    assert.deepEqual(next, places[SAGAS / 2 + 1]);
  });

  test("sagas among many are found by what is deferred of them", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await writeMany(store, 0);
    const few = ["s000007", "s000123", "s000400"];
    const defer = few.flatMap((sagaId) => [
      sampleDeferred(`1${sagaId}`, { sagaId, state: "parked" }),
      sampleDeferred(`2${sagaId}`, { sagaId, state: "waiting" }),
    ]);
    const armed = sampleDeferred("3", { sagaId: "s000200", state: "armed" });
    await store.transaction((tx) => tx.write(writes({ defer: [...defer, armed] })));
    const found = await pagesOf(store, { among: { states: ["parked"] } }, 2);
    assert.deepEqual(found.map(({ sagaId }) => sagaId).sort(), few);
    const either = await pagesOf(store, { among: { states: ["parked", "armed"] } });
    assert.equal(either.length, 4);
    assert.deepEqual(await pagesOf(store, { among: { states: ["retrying"] } }), []);
  });

  test("the first correlation id of a saga is kept, else it is its own", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const entry = (id: string, sagaId: string, correlationId: string | undefined) =>
      store.transaction((tx) =>
        tx.write(writes({ journal: [sampleEntry(id, { sagaId, correlationId })] })),
      );
    await entry("1", "a", "web-77");
    await entry("2", "a", "web-78");
    await entry("3", "b", "web-77");
    await entry("4", "c", "c");
    await entry("5", "d", undefined);
    await entry("6", "web-77", undefined);
    const correlated = async (correlationId: string) =>
      (await pagesOf(store, { among: { correlationId } })).map(({ sagaId }) => sagaId).sort();
    assert.deepEqual(await correlated("web-77"), ["a", "b", "web-77"]);
    assert.deepEqual(await correlated("web-78"), []);
    assert.deepEqual(await correlated("c"), ["c"]);
    assert.deepEqual(await correlated("a"), []);
    const histories = await store.inspect.histories(["a", "c", "d"]);
    assert.deepEqual(
      histories.map(({ sagaId, correlationId }) => `${sagaId} ${correlationId}`).sort(),
      ["a web-77", "c c", "d d"],
    );
  });

  test("a history has the rows of its saga and of no other", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const born = clock.now;
    const own = { sagaId: "s", emitted: [{ id: "e", type: "t.u.v1" }] };
    const journal = [sampleEntry("1", own), sampleEntry("x", { sagaId: "other" })];
    await store.transaction((tx) => tx.write(writes({ journal })));
    await clock.advance(9);
    const defer = [sampleDeferred("2", { sagaId: "s", state: "parked", attempts: 3 })];
    const parked = sampleEntry("2", { sagaId: "s", disposition: "parked" });
    await store.transaction((tx) => tx.write(writes({ journal: [parked], defer })));
    const [history, ...none] = await store.inspect.histories(["s", "unknown", "s"]);
    assert.deepEqual(none, []);
    assert.deepEqual(
      { ...history, journal: await store.inspect.journal("s"), deferred: history?.deferred },
      { ...history, sagaId: "s", born, last: clock.now },
    );
    assert.deepEqual(history?.deferred, await store.inspect.deferred(["parked"], 9));
    assert.deepEqual(await store.inspect.histories([]), []);
  });

  test("what belongs to no saga is not listed", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const defer = [sampleDeferred("1", { sagaId: "", state: "parked" })];
    await store.transaction((tx) =>
      tx.write(writes({ journal: [sampleEntry("1", { sagaId: "" })], defer })),
    );
    assert.deepEqual(await pagesOf(store, {}), []);
    assert.deepEqual(await pagesOf(store, { among: { states: ["parked"] } }), []);
  });

  test("a duplicate is counted at its row, which keeps its place", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const [first, second] = [sampleEntry("1", { sagaId: "s" }), sampleEntry("2", { sagaId: "s" })];
    await store.transaction((tx) => tx.write(writes({ journal: [first, second] })));
    const before = await store.inspect.journal("s");
    const again = { ...first, type: first.type.replace(/\d+$/, "9") };
    await store.transaction((tx) => tx.write(writes({ duplicates: [first, again] })));
    await store.transaction((tx) =>
      tx.write(writes({ duplicates: [first, sampleEntry("unknown")] })),
    );
    const counted = (id: string, duplicates: number) => (row: (typeof before)[number]) =>
      row.id === id ? { ...row, duplicates } : row;
    assert.deepEqual(await store.inspect.journal("s"), before.map(counted("1", 3)));
    await store.transaction((tx) => tx.write(writes({ amend: [first] })));
    const amended = (await store.inspect.journal("s")).find(({ id }) => id === "1");
    assert.equal(amended?.duplicates, 3, "a later change of the row keeps them");
    assert.deepEqual(await store.inspect.histories(["unknown"]), []);
  });
}

async function writeMany<Native>(store: Store<Native>, first: number): Promise<void> {
  const journal = Array.from({ length: BATCH }, (_, n) =>
    sampleEntry(`e${first + n}`, { sagaId: `s${String(first + n).padStart(6, "0")}` }),
  );
  await store.transaction((tx) => tx.write(writes({ journal })));
}

async function pagesOf<Native>(
  store: Store<Native>,
  query: Omit<SagaQuery, "limit">,
  limit = PAGE,
): Promise<readonly SagaPlace[]> {
  const places: SagaPlace[] = [];
  for (;;) {
    const page = await store.inspect.list({ ...query, before: places.at(-1), limit });
    places.push(...page);
    if (page.length < limit) return places;
  }
}
