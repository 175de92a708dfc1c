import assert from "node:assert/strict";
import { sampleDeferred, sampleEntry, sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests the inbox: duplicates, and retention. */
export function inboxSuite<Native>(test: StoreTest<Native>): void {
  test("a delivery is fresh once, and a duplicate ever after", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const look = () =>
      store.transaction(async (tx) => (await tx.receive([sampleReceipt("1")]))[0]?.status);
    assert.equal(await look(), "fresh");
    await store.transaction((tx) => tx.write(writes({ journal: [sampleEntry("1")] })));
    assert.equal(await look(), "duplicate");
    await store.close();
    const again = await fixture.connect();
    await openAs(again, "p2", fixture.clock);
    const status = await again.transaction(
      async (tx) => (await tx.receive([sampleReceipt("1")]))[0]?.status,
    );
    assert.equal(status, "duplicate");
  });

  test("reaction, source and id make the identity, each of them", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction((tx) => tx.write(writes({ journal: [sampleEntry("1")] })));
    const receipts = [
      sampleReceipt("1"),
      sampleReceipt("1", { sagaId: "b", reaction: "log" }),
      sampleReceipt("1", { sagaId: "c", source: "/elsewhere" }),
      sampleReceipt("2"),
    ];
    const received = await store.transaction((tx) => tx.receive(receipts));
    assert.deepEqual(
      received.map(({ status }) => status),
      ["duplicate", "fresh", "fresh", "fresh"],
    );
  });

  test("one delivery twice in a batch makes the batch fail", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const twice = writes({
      journal: [sampleEntry("1"), sampleEntry("1", { sagaId: "another saga" })],
    });
    await assert.rejects(
      store.transaction((tx) => tx.write(twice)),
      { code: "DUPLICATE_DELIVERY" },
    );
    assert.deepEqual(await store.inspect.journal("saga of 1"), []);
  });

  test("two processes cannot both find the same delivery fresh", async (fixture, store) => {
    const other = await fixture.connect();
    await openAs(store, "p1", fixture.clock);
    await openAs(other, "p2", fixture.clock);
    let handled = 0;
    const handle = (one: typeof store) =>
      one.transaction(async (tx) => {
        const [received] = await tx.receive([sampleReceipt("1")]);
        if (received?.status === "fresh") {
          await new Promise((resolve) => setImmediate(resolve));
          await tx.write(writes({ journal: [sampleEntry("1")] }));
          handled++;
        }
      });
    await Promise.allSettled([handle(store), handle(other), handle(store), handle(other)]);
    assert.equal(handled, 1);
  });

  test("only closed deferred deliveries are purged", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const states = ["answered", "discarded", "parked", "waiting"] as const;
    await store.transaction((tx) =>
      tx.write(writes({ defer: states.map((state) => sampleDeferred(state, { state })) })),
    );
    await clock.advance(10_000);
    await store.transaction((tx) =>
      tx.write(writes({ defer: [sampleDeferred("young", { state: "discarded" })] })),
    );
    await store.purge(5_000, 10);
    const left = await store.inspect.deferred(states, 10);
    assert.deepEqual(
      left.map(({ id }) => id),
      ["parked", "waiting", "young"],
    );
  });

  test("old rows are purged, with the fence of sagas without rows", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const mark = (sagaId: string) => ({ sagaId, name: "paid", state: "done" });
    await store.transaction((tx) =>
      tx.write(
        writes({
          journal: [sampleEntry("old"), sampleEntry("both 1", { sagaId: "both" })],
          marks: [mark("saga of old"), mark("both")],
        }),
      ),
    );
    await clock.advance(10_000);
    await store.transaction((tx) =>
      tx.write(writes({ journal: [sampleEntry("both 2", { sagaId: "both" })] })),
    );
    assert.equal(await store.purge(5_000, 1), 1, "no more than the limit");
    assert.equal(await store.purge(5_000, 10), 1);
    assert.equal(await store.purge(5_000, 10), 0, "the young one stays");
    const marks = (sagaId: string) =>
      store.transaction(async (tx) =>
        (await tx.receive([sampleReceipt("new", { sagaId })]))[0]?.marks.get("paid"),
      );
    assert.equal(await marks("saga of old"), undefined);
    assert.equal(await marks("both"), "done", "a saga that is still known keeps its fence");
  });
}
