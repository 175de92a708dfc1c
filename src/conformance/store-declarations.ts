import assert from "node:assert/strict";
import type { CensusRow } from "../ports/declarations.ts";
import { sampleDeferred, sampleEntry, sampleEvent, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests declarations, and the census of what is open. */
export function declarationsSuite<Native>(test: StoreTest<Native>): void {
  test("declarations come back, the one put last first", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const { declarations } = store;
    assert.deepEqual(await declarations.all(), []);
    const began = clock.now;
    await declarations.put({ fingerprint: "a", manifest: "{}" });
    await clock.advance(10);
    await declarations.put({ fingerprint: "b", manifest: '{"odori":1}' });
    await clock.advance(10);
    await declarations.put({ fingerprint: "a", manifest: "{}" });
    assert.deepEqual(await declarations.all(), [
      { fingerprint: "a", manifest: "{}", firstAt: began, lastAt: began + 20 },
      { fingerprint: "b", manifest: '{"odori":1}', firstAt: began + 10, lastAt: began + 10 },
    ]);
  });

  test("a row names the manifest that wrote it", async (fixture, store) => {
    const { clock } = fixture;
    const session = { service: "shop", owner: "p1", leaseMs: 1_000, now: () => clock.now };
    await store.open({ ...session, fingerprint: "f1" });
    await store.transaction((tx) => tx.write(writes({ journal: [sampleEntry("1")] })));
    const [row] = await store.inspect.journal("saga of 1");
    assert.equal(row?.fingerprint, "f1");
  });

  test("the census counts deliveries and marks", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const census = async () => [
      ...(await store.census("deferred")),
      ...(await store.census("mark")),
    ];
    assert.deepEqual(await census(), []);
    const mark = (sagaId: string, name: string, state: string) => ({ sagaId, name, state });
    await store.transaction((tx) =>
      tx.write(
        writes({
          marks: [
            mark("s", "paid", "done"),
            mark("s", "booked", "undone"),
            mark("t", "paid", "done"),
          ],
          defer: [
            sampleDeferred("1", { state: "parked" }),
            sampleDeferred("2", { state: "parked" }),
            sampleDeferred("3", { state: "armed", reaction: "pay in time" }),
          ],
        }),
      ),
    );
    await clock.advance(5);
    await store.transaction((tx) => tx.write(writes({ marks: [mark("t", "paid", "done")] })));
    const [early, late] = [clock.now - 5, clock.now];
    const { type } = sampleEvent("1");
    const expected: readonly CensusRow[] = [
      { kind: "deferred", name: "charge", type, state: "parked", count: 2, newestAt: early },
      { kind: "deferred", name: "pay in time", type, state: "armed", count: 1, newestAt: early },
      { kind: "mark", name: "booked", state: "undone", count: 1, newestAt: early },
      { kind: "mark", name: "paid", state: "done", count: 2, newestAt: late },
    ];
    const counted = (await census()).sort((a, b) =>
      `${a.kind} ${a.name}`.localeCompare(`${b.kind} ${b.name}`),
    );
    assert.deepEqual(counted, expected);
  });
}
