import assert from "node:assert/strict";
import { sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests the marks of sagas. */
export function fenceSuite<Native>(test: StoreTest<Native>): void {
  test("all marks of a saga are read back, by name", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const marks = [
      { sagaId: "s", name: "a", state: "done" },
      { sagaId: "s", name: "b", state: "barred" },
      { sagaId: "t", name: "a", state: "undone" },
    ];
    await store.transaction((tx) => tx.write(writes({ marks })));
    const receipts = [sampleReceipt("1", { sagaId: "s" }), sampleReceipt("2", { sagaId: "t" })];
    const received = await store.transaction((tx) => tx.receive(receipts));
    assert.deepEqual(
      received.map(({ marks }) => new Map([...marks].sort())),
      [
        new Map([
          ["a", "done"],
          ["b", "barred"],
        ]),
        new Map([["a", "undone"]]),
      ],
    );
  });

  test("a mark is overwritten, also within one transaction", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction(async (tx) => {
      await tx.write(writes({ marks: [{ sagaId: "s", name: "a", state: "done" }] }));
      const [between] = await tx.receive([sampleReceipt("1", { sagaId: "s" })]);
      assert.equal(between?.marks.get("a"), "done");
      await tx.write(writes({ marks: [{ sagaId: "s", name: "a", state: "undone" }] }));
    });
    const [after] = await store.transaction((tx) =>
      tx.receive([sampleReceipt("1", { sagaId: "s" })]),
    );
    assert.equal(after?.marks.get("a"), "undone");
  });

  test("names and states are data: quotes, SQL and prototypes", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    for (const name of [
      "'; DROP TABLE odori_fence; --",
      "__proto__",
      "constructor",
      "日本",
      "a b",
    ]) {
      await store.transaction((tx) =>
        tx.write(writes({ marks: [{ sagaId: name, name, state: name }] })),
      );
      const [received] = await store.transaction((tx) =>
        tx.receive([sampleReceipt("1", { sagaId: name })]),
      );
      assert.deepEqual(received?.marks, new Map([[name, name]]));
    }
  });

  test("of two processes that find a mark absent, one writes it", async (fixture, store) => {
    const other = await fixture.connect();
    await openAs(store, "p1", fixture.clock);
    await openAs(other, "p2", fixture.clock);
    const take = (one: typeof store, sagaId: string, id: string) =>
      one.transaction(async (tx) => {
        const [received] = await tx.receive([sampleReceipt(id, { sagaId })]);
        // Where another transaction holds the saga, nothing is known of its marks.
        if (received?.status !== "fresh" || received.marks.has("once end")) return false;
        await new Promise((resolve) => setImmediate(resolve));
        await tx.write(writes({ marks: [{ sagaId, name: "once end", state: id }] }));
        return true;
      });
    // In one race the two may miss each other, so that a store without a lock passes; the first
    // race does as a rule, for it opens the connections.
    for (const sagaId of Array.from({ length: 20 }, (_, race) => `s${race}`)) {
      const taken = await Promise.allSettled([
        take(store, sagaId, `${sagaId}-1`),
        take(other, sagaId, `${sagaId}-2`),
        take(store, sagaId, `${sagaId}-3`),
        take(other, sagaId, `${sagaId}-4`),
      ]);
      const winners = taken.filter((take) => take.status === "fulfilled" && take.value);
      assert.equal(winners.length, 1, `in the race for ${sagaId}`);
    }
  });
}
