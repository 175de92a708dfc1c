import assert from "node:assert/strict";
import { encodeStored } from "../cloudevents/json.ts";
import type { Store } from "../ports/store.ts";
import { sampleDeferred, sampleEntry, sampleEvent, sampleReceipt, writes } from "./samples.ts";
import { openAs, outlive, type StoreTest } from "./store-fixture.ts";

/** Tests deferred deliveries: when they are due, what they block, who handles them. */
export function deferredSuite<Native>(test: StoreTest<Native>): void {
  test("a delivery is due after its delay, on the database's clock", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1", { delayMs: 500 });
    const early = await store.claim(10);
    assert.deepEqual(early.deferred, []);
    assert.equal(early.nextDueMs, 500);
    await clock.advance(500);
    const { deferred } = await store.claim(10);
    assert.equal(deferred.length, 1);
    const [row] = deferred;
    assert.deepEqual(
      {
        id: row?.id,
        attempts: row?.attempts,
        state: row?.state,
        problem: row?.problem,
        sagaId: row?.sagaId,
        body: row?.body,
      },
      {
        id: "1",
        attempts: 1,
        state: "retrying",
        problem: sampleDeferred("1").problem,
        sagaId: "s",
        body: { malformed: false, text: "[]" },
      },
    );
    assert.deepEqual((await store.claim(10)).deferred, [], "once");
  });

  test("write returns the place of each deferred row, in order", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const states = ["parked", "gathered", "retrying"] as const;
    const written = await store.transaction((tx) =>
      tx.write(writes({ defer: states.map((state) => sampleDeferred(state, { state })) })),
    );
    const rows = await store.inspect.deferred(states, 10);
    assert.deepEqual(
      written.deferred.map((seq) => rows.find((row) => row.seq === seq)?.state),
      states,
    );
  });

  test("beyond the limit it is left, and said to be due", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await defer(store, "1", {});
    await defer(store, "2", { sagaId: "t" });
    const first = await store.claim(1);
    assert.deepEqual([first.deferred.length, first.nextDueMs], [1, 0]);
    const none = await store.claim(0);
    assert.deepEqual([none.deferred.length, none.nextDueMs], [0, 0]);
    const second = await store.claim(1);
    assert.deepEqual([second.deferred.length, second.nextDueMs], [1, undefined]);
  });

  test("only its holder handles it, or another one after its death", async (fixture, store) => {
    const { clock } = fixture;
    const other = await fixture.connect();
    await openAs(store, "p1", clock);
    await openAs(other, "p2", clock);
    await defer(store, "1", {});
    const [row] = (await store.claim(10)).deferred;
    const seq = row?.seq;
    assert.deepEqual((await other.claim(10)).deferred, []);
    const status = (one: Store<Native>) =>
      one.transaction(
        async (tx) =>
          (await tx.receive([sampleReceipt("1", { sagaId: "s", deferred: seq })]))[0]?.status,
      );
    assert.equal(await status(store), "fresh");
    assert.equal(await status(other), "gone");
    await outlive(clock, other);
    assert.equal((await other.claim(10)).deferred.length, 1);
    assert.equal(await status(store), "gone", "a zombie is too late");
  });

  for (const state of ["retrying", "waiting", "parked"] as const) {
    test(`${state}: blocks its reaction and saga, and nothing else`, async (fixture, store) => {
      await openAs(store, "p1", fixture.clock);
      await defer(store, "1", { state });
      const receipts = [sampleReceipt("2", { sagaId: "s" }), sampleReceipt("3", { sagaId: "t" })];
      const received = await store.transaction((tx) => tx.receive(receipts));
      assert.deepEqual(
        received.map((one) => one.status),
        ["blocked", "fresh"],
      );
      const other = await store.transaction((tx) =>
        tx.receive([sampleReceipt("4", { sagaId: "s", reaction: "log" })]),
      );
      assert.equal(other[0]?.status, "fresh");
    });
  }

  for (const state of ["armed", "gathered", "answered", "discarded"] as const) {
    test(`${state}: blocks nothing`, async (fixture, store) => {
      await openAs(store, "p1", fixture.clock);
      await defer(store, "1", { state, delayMs: 1_000 });
      const received = await store.transaction((tx) =>
        tx.receive([sampleReceipt("2", { sagaId: "s" })]),
      );
      assert.equal(received[0]?.status, "fresh");
    });
  }

  test("what waits becomes due in its turn, one at a time", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1", {});
    await defer(store, "2", { state: "waiting", delayMs: 0 });
    await defer(store, "3", { state: "waiting", delayMs: 0 });
    for (const id of ["1", "2", "3"]) {
      const { deferred } = await store.claim(10);
      assert.deepEqual(
        deferred.map((row) => row.id),
        [id],
      );
      await store.transaction((tx) => tx.write(writes({ settle: deferred.map(({ seq }) => seq) })));
    }
    assert.deepEqual(await store.inspect.deferred(["retrying", "waiting"], 10), []);
  });

  test("it is told whether something that waited has become due", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const first = sampleDeferred("1", { sagaId: "s" });
    const behind = sampleDeferred("2", { sagaId: "s", state: "waiting" });
    const alone = sampleDeferred("3", { sagaId: "t" });
    const { deferred } = await store.transaction((tx) =>
      tx.write(writes({ defer: [first, behind, alone] })),
    );
    const [one = -1, , three = -1] = deferred;
    const settle = (seq: number) =>
      store.transaction(async (tx) => (await tx.write(writes({ settle: [seq] }))).released);
    assert.notEqual(await settle(one), false, "the second one waited for it");
    // A store may not know; then it does not say that there was none.
    assert.notEqual(await settle(three), true);
  });

  test("it can be deferred again; an answered one frees the next one", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1", {});
    await defer(store, "2", { state: "waiting" });
    const [row] = (await store.claim(10)).deferred;
    const seq = row?.seq ?? -1;
    const problem = { code: "AGAIN", message: "still", stack: undefined };
    await store.transaction((tx) =>
      tx.write(
        writes({ redefer: [{ seq, state: "retrying", attempts: 2, delayMs: 100, problem }] }),
      ),
    );
    assert.deepEqual((await store.claim(10)).deferred, []);
    await clock.advance(100);
    const [again] = (await store.claim(10)).deferred;
    assert.equal(again?.attempts, 2);
    await store.transaction((tx) =>
      tx.write(writes({ redefer: [{ seq, state: "answered", attempts: 3, delayMs: 0, problem }] })),
    );
    assert.deepEqual(
      (await store.claim(10)).deferred.map(({ id }) => id),
      ["2"],
    );
    const [answered] = await store.inspect.deferred(["answered"], 10);
    assert.deepEqual({ ...answered?.problem, stack: undefined }, problem);
  });

  test("a join gets back what it has gathered, in order, and drops it", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const events = [
      sampleEvent("1", { sagaId: "s" }),
      sampleEvent("2", { sagaId: "s", type: "payment.authorized.v1" }),
    ];
    for (const event of events) {
      await defer(store, event.id, {
        state: "gathered",
        body: { malformed: false, text: encodeStored([event]) },
      });
    }
    const gathered = () =>
      store.transaction(
        async (tx) =>
          (await tx.receive([sampleReceipt("3", { sagaId: "s", gathers: true })]))[0]?.gathered,
      );
    const kept = await store.inspect.deferred(["gathered"], 10);
    const expected = events.map((event, i) => ({ seq: kept[i]?.seq, event }));
    assert.deepEqual(await gathered(), expected);
    await store.transaction((tx) =>
      tx.write(writes({ drop: [{ reaction: "charge", sagaId: "s", state: "gathered" }] })),
    );
    assert.deepEqual(await gathered(), []);
  });

  test("a deadline that is dropped does not come", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1", { state: "armed", delayMs: 100 });
    await defer(store, "2", { state: "armed", delayMs: 100, sagaId: "t" });
    await store.transaction((tx) =>
      tx.write(writes({ drop: [{ reaction: "charge", sagaId: "s", state: "armed" }] })),
    );
    await clock.advance(100);
    assert.deepEqual(
      (await store.claim(10)).deferred.map(({ id, state }) => [id, state]),
      [["2", "armed"]],
    );
  });
}

async function defer<Native>(
  store: Store<Native>,
  id: string,
  change: Parameters<typeof sampleDeferred>[1],
): Promise<void> {
  const row = sampleDeferred(id, { sagaId: "s", ...change });
  await store.transaction((tx) =>
    tx.write(
      writes({
        journal: [sampleEntry(id, { sagaId: row.sagaId, disposition: "retrying" })],
        defer: [row],
      }),
    ),
  );
}
