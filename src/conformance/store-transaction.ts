import assert from "node:assert/strict";
import { sampleEntry, sampleEvent, sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests that business rows and bookkeeping commit or roll back together. */
export function transactionSuite<Native>(test: StoreTest<Native>): void {
  test("business rows and bookkeeping commit together", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction(async (tx) => {
      await fixture.put(tx.native, "kept");
      await tx.write(writes({ journal: [sampleEntry("1")] }));
    });
    assert.equal(await fixture.has("kept"), true);
    assert.equal((await store.inspect.journal("saga of 1")).length, 1);
  });

  test("they roll back together, and the caller gets its own error", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const failure = new Error("the handler failed");
    const attempt = store.transaction(async (tx) => {
      await fixture.put(tx.native, "lost");
      await tx.write(
        writes({
          journal: [sampleEntry("1")],
          marks: [{ sagaId: "s", name: "m", state: "x" }],
          enqueue: [sampleEvent("2")],
        }),
      );
      throw failure;
    });
    await assert.rejects(attempt, failure);
    assert.equal(await fixture.has("lost"), false);
    assert.equal((await store.inspect.counts()).outbox, 0);
    await store.transaction(async (tx) => {
      const [received] = await tx.receive([sampleReceipt("1", { sagaId: "s" })]);
      assert.deepEqual(received, {
        status: "fresh",
        born: undefined,
        marks: new Map(),
        gathered: [],
        found: false,
      });
    });
  });

  test("a transaction that has ended refuses to be used", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const native = await store.transaction(async (tx) => tx.native);
    await assert.rejects(async () => fixture.put(native, "late"), { code: "TRANSACTION_CLOSED" });
    assert.equal(await fixture.has("late"), false);
  });

  test("transactions of one store do not mix", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const attempts = Array.from({ length: 20 }, (_, i) =>
      store.transaction(async (tx) => {
        await fixture.put(tx.native, `row ${i}`);
        await Promise.resolve();
        if (i % 2 === 1) throw new Error("every other one fails");
      }),
    );
    const results = await Promise.allSettled(attempts);
    for (const [i, { status }] of results.entries()) {
      assert.equal(status, i % 2 === 0 ? "fulfilled" : "rejected");
      assert.equal(await fixture.has(`row ${i}`), i % 2 === 0);
    }
  });

  test("the caller's own transaction keeps both, or loses both", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const failure = new Error("the caller failed");
    const attempt = fixture.ownTransaction(async (native) => {
      await fixture.put(native, "lost");
      await store.join(native).write(writes({ enqueue: [sampleEvent("1")] }));
      throw failure;
    });
    await assert.rejects(attempt, failure);
    assert.equal(await fixture.has("lost"), false);
    assert.equal((await store.inspect.counts()).outbox, 0);
    await fixture.ownTransaction(async (native) => {
      await fixture.put(native, "kept");
      await store.join(native).write(writes({ enqueue: [sampleEvent("1")] }));
    });
    assert.equal(await fixture.has("kept"), true);
    const { outbox } = await store.claim(10);
    assert.deepEqual(
      outbox.map(({ events }) => events),
      [[sampleEvent("1")]],
    );
  });

  test("several processes may open it at once", async (fixture, store) => {
    const stores = [
      store,
      ...(await Promise.all([fixture.connect(), fixture.connect(), fixture.connect()])),
    ];
    await Promise.all(stores.map((one, i) => openAs(one, `p${i}`, fixture.clock)));
    await Promise.all(
      stores.map((one, i) => one.transaction((tx) => fixture.put(tx.native, `by ${i}`))),
    );
    for (const i of stores.keys()) assert.equal(await fixture.has(`by ${i}`), true);
  });

  test("another service's database is refused", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const other = await fixture.connect();
    await assert.rejects(
      other.open({ service: "thief", owner: "p2", leaseMs: 1_000, now: () => fixture.clock.now }),
      {
        code: "STORE_NOT_OURS",
      },
    );
  });
}
