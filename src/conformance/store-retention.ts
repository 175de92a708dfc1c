import assert from "node:assert/strict";
import type { Store } from "../ports/store.ts";
import { sampleDeferred, sampleEntry, sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

const OLD_MS = 10_000;
const KEPT_MS = 5_000;

/** Tests retention: what is open is kept, and what is closed is deleted. */
export function retentionSuite<Native>(test: StoreTest<Native>): void {
  for (const state of ["armed", "retrying", "waiting", "parked"] as const) {
    test(`a saga with a delivery that is ${state} is never purged`, async (fixture, store) => {
      await openAs(store, "p1", fixture.clock);
      await store.transaction((tx) =>
        tx.write(
          writes({
            journal: [sampleEntry("1", { sagaId: "s" })],
            marks: [{ sagaId: "s", name: "paid", state: "done" }],
            defer: [sampleDeferred("2", { sagaId: "s", state, delayMs: 1_000_000 })],
          }),
        ),
      );
      await fixture.clock.advance(OLD_MS);
      assert.deepEqual(await store.purge(KEPT_MS, 10), { rows: 0, more: false });
      assert.deepEqual(await lookUp(store, "s"), ["duplicate", "done"]);
    });
  }

  for (const state of ["gathered", "answered", "discarded"] as const) {
    test(`a delivery that is ${state} goes with its silent saga`, async (fixture, store) => {
      const { clock } = fixture;
      await openAs(store, "p1", clock);
      for (const sagaId of ["silent", "heard"])
        await store.transaction((tx) =>
          tx.write(
            writes({
              journal: [sampleEntry("1", { sagaId })],
              defer: [sampleDeferred("1", { sagaId, state })],
            }),
          ),
        );
      await clock.advance(OLD_MS);
      await store.transaction((tx) =>
        tx.write(writes({ journal: [sampleEntry("2", { sagaId: "heard" })] })),
      );
      await store.purge(KEPT_MS, 10);
      assert.deepEqual(
        (await store.inspect.deferred([state], 10)).map(({ sagaId }) => sagaId),
        ["heard"],
      );
      assert.deepEqual(await lookUp(store, "silent"), [undefined, undefined]);
    });
  }

  test("a closed saga goes whole: rows and marks", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const mark = (sagaId: string) => ({ sagaId, name: "paid", state: "done" });
    await store.transaction((tx) =>
      tx.write(
        writes({
          journal: [sampleEntry("1", { sagaId: "old" }), sampleEntry("1", { sagaId: "both" })],
          marks: [mark("old"), mark("both")],
        }),
      ),
    );
    await clock.advance(OLD_MS);
    await store.transaction((tx) =>
      tx.write(writes({ journal: [sampleEntry("2", { sagaId: "both" })] })),
    );
    await store.purge(KEPT_MS, 10);
    assert.deepEqual(await lookUp(store, "old"), [undefined, undefined]);
    assert.deepEqual(await lookUp(store, "both"), ["duplicate", "done"]);
    assert.equal((await store.inspect.journal("both")).length, 2);
  });

  test("an open or amended saga at the front delays none behind it", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const write = (change: Parameters<typeof writes>[0]) =>
      store.transaction((tx) => tx.write(writes(change)));
    for (const sagaId of ["open", "amended", "c", "d", "e"]) {
      await clock.advance(1);
      await write({ journal: [sampleEntry("1", { sagaId })] });
    }
    await write({ defer: [sampleDeferred("2", { sagaId: "open", state: "parked" })] });
    await clock.advance(OLD_MS);
    await write({ amend: [sampleEntry("1", { sagaId: "amended", disposition: "discarded" })] });
    let rows = 0;
    let calls = 0;
    for (let more = true; more && calls < 10; calls++) {
      const purged = await store.purge(KEPT_MS, 2);
      rows += purged.rows;
      more = purged.more;
    }
    assert.equal(rows, 3);
    assert.deepEqual(new Set(await store.inspect.sagas(10)), new Set(["amended", "open"]));
  });

  test("deliveries without a saga go one by one", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const malformed = (id: string, state: "parked" | "discarded") =>
      store.transaction((tx) =>
        tx.write(
          writes({
            journal: [sampleEntry(id, { sagaId: "", disposition: state })],
            defer: [sampleDeferred(id, { sagaId: "", state })],
          }),
        ),
      );
    await malformed("closed", "discarded");
    await malformed("open", "parked");
    await clock.advance(OLD_MS);
    await malformed("young", "discarded");
    await store.purge(KEPT_MS, 10);
    const ids = async () =>
      (await store.inspect.deferred(["parked", "discarded"], 10)).map(({ id }) => id);
    assert.deepEqual(await ids(), ["open", "young"]);
    assert.deepEqual(
      (await store.inspect.journal("")).map(({ id }) => id),
      ["open", "young"],
    );
  });

  test("a saga that is purged may begin again", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const entry = () =>
      store.transaction((tx) => tx.write(writes({ journal: [sampleEntry("1", { sagaId: "s" })] })));
    await entry();
    await clock.advance(OLD_MS);
    await store.purge(KEPT_MS, 10);
    await entry();
    assert.deepEqual(await lookUp(store, "s"), ["duplicate", undefined]);
  });
}

/** Looks up delivery 1 of a saga: its status, and the mark `paid`. Undefined if it is not known. */
async function lookUp<Native>(
  store: Store<Native>,
  sagaId: string,
): Promise<readonly (string | undefined)[]> {
  const [received] = await store.transaction((tx) => tx.receive([sampleReceipt("1", { sagaId })]));
  const status = received?.born !== undefined ? received.status : undefined;
  return [status, received?.marks.get("paid")];
}
