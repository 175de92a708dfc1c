import assert from "node:assert/strict";
import { sampleEntry, sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests the inbox: what is a duplicate. */
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

  test("saga, reaction, source, id and stem of the type identify a row", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const entry = sampleEntry("1", { sagaId: "s" });
    await store.transaction((tx) => tx.write(writes({ journal: [entry] })));
    const changes = [
      {},
      { reaction: "log" },
      { source: "/elsewhere" },
      { id: "2" },
      { type: "order.placed.v12" },
      { type: "order.placed_again.v1" },
      { sagaId: "t" },
    ];
    const statuses: unknown[] = [];
    for (const change of changes) {
      const receipt = sampleReceipt("1", { sagaId: "s", ...change });
      await store.transaction(async (tx) => {
        const [received] = await tx.receive([receipt]);
        statuses.push([received?.status, received?.born !== undefined]);
      });
    }
    // Versions of one fact are one delivery.
    assert.deepEqual(statuses, [
      ["duplicate", true],
      ["fresh", true],
      ["fresh", true],
      ["fresh", true],
      ["duplicate", true],
      ["fresh", true],
      ["fresh", false],
    ]);
  });

  test("a saga knows what it has heard and emitted, in any version", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const emitted = [{ id: "2", type: "payment.authorized.v11" }];
    const entry = sampleEntry("1", { sagaId: "s", emitted });
    await store.transaction((tx) => tx.write(writes({ journal: [entry] })));
    const found = (sagaId: string, ...seeks: readonly string[]) =>
      store.transaction(
        async (tx) => (await tx.receive([sampleReceipt("3", { sagaId, seeks })]))[0]?.found,
      );
    assert.equal(await found("s", "order.placed.v3"), true);
    assert.equal(await found("s", "shipping.failed.v1", "payment.authorized.v2"), true);
    assert.equal(await found("s", "order.placed_again.v1", "payment.authorize.v1"), false);
    assert.equal(await found("s"), false);
    assert.equal(await found("t", "order.placed.v1"), false);
  });

  test("a saga keeps its birth, although its events tell another", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const day = 86_400_000;
    const timed = (ago: number) => {
      const time = (clock.now - ago).toString(16).padStart(12, "0");
      return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
    };
    const ids = ["plain", timed(300 * day), timed(3 * day), timed(0)];
    const bornIn = (sagaId: string) =>
      store.transaction(
        async (tx) => (await tx.receive([sampleReceipt("9", { sagaId })]))[0]?.born,
      );
    const first = clock.now - 3 * day;
    await store.transaction((tx) =>
      tx.write(writes({ journal: [sampleEntry(timed(3 * day), { sagaId: "timed" })] })),
    );
    assert.equal(await bornIn("timed"), first);
    assert.equal(await bornIn("unknown"), undefined);
    for (const id of ids)
      await store.transaction((tx) =>
        tx.write(writes({ journal: [sampleEntry(id, { sagaId: "s" })] })),
      );
    for (const id of ids) {
      const [received] = await store.transaction((tx) =>
        tx.receive([sampleReceipt(id, { sagaId: "s" })]),
      );
      assert.equal(received?.status, "duplicate", id);
      assert.equal(received?.born, clock.now, id);
    }
    assert.equal((await store.inspect.journal("s")).length, ids.length);
  });

  test("one delivery twice in a batch makes the batch fail", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const twice = writes({
      journal: [sampleEntry("1"), sampleEntry("1")],
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
}
