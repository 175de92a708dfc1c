import assert from "node:assert/strict";
import { type Store, SUSPECTS_TOGETHER } from "../ports/store.ts";
import { sampleDeferred, sampleEntry, sampleEvent, sampleReceipt, writes } from "./samples.ts";
import { openAs, outlive, type StoreTest } from "./store-fixture.ts";

const HOUR_MS = 3_600_000;

/** Tests what a death leaves behind: claims without an outcome, and who may take them when. */
export function claimsSuite<Native>(test: StoreTest<Native>): void {
  test("claims count up to an outcome, and begin again", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1");
    const claimed: (number | undefined)[] = [];
    let seq = -1;
    for (const owner of ["p2", "p3", "p4"]) {
      const other = await fixture.connect();
      await openAs(other, owner, clock);
      await outlive(clock, other);
      const [row] = (await other.claim(10)).deferred;
      claimed.push(row?.claims);
      seq = row?.seq ?? seq;
    }
    assert.deepEqual(claimed, [1, 2, 3]);
    const problem = undefined;
    await store.transaction((tx) =>
      tx.write(writes({ redefer: [{ seq, state: "retrying", attempts: 1, delayMs: 0, problem }] })),
    );
    assert.equal((await store.claim(10)).deferred[0]?.claims, 1);
  });

  test("a claim that is given up by closing does not count", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await defer(store, "1");
    assert.equal((await store.claim(10)).deferred[0]?.claims, 1);
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", fixture.clock);
    assert.equal((await other.claim(10)).deferred[0]?.claims, 1);
  });

  test("what a process holds is left to it while it lives", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const { deferred } = await store.transaction((tx) =>
      tx.write(writes({ defer: [sampleDeferred("1", { delayMs: 10, held: true })] })),
    );
    await clock.advance(10);
    for (const one of [store, other]) {
      const { deferred: claimed, nextDueMs } = await one.claim(10);
      assert.deepEqual([claimed, nextDueMs], [[], undefined]);
    }
    const receipt = sampleReceipt("1", { sagaId: "s", deferred: deferred[0] });
    const status = async (one: typeof store) =>
      (await one.transaction((tx) => tx.receive([receipt])))[0]?.status;
    assert.deepEqual([await status(store), await status(other)], ["fresh", "gone"]);
    await outlive(clock, other);
    assert.equal((await other.claim(10)).deferred[0]?.claims, 1, "it was not claimed before");
    assert.deepEqual([await status(store), await status(other)], ["gone", "fresh"]);
  });

  test("what a process holds it gives up by closing", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const held = sampleDeferred("1", { delayMs: 0, held: true });
    await store.transaction((tx) => tx.write(writes({ defer: [held] })));
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", fixture.clock);
    assert.equal((await other.claim(10)).deferred[0]?.claims, 1);
  });

  test("what was held and has failed again is claimed", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const held = sampleDeferred("1", { delayMs: 0, held: true });
    const { deferred } = await store.transaction((tx) => tx.write(writes({ defer: [held] })));
    const change = { state: "retrying", attempts: 2, delayMs: 0, problem: undefined } as const;
    const [seq = -1] = deferred;
    await store.transaction((tx) => tx.write(writes({ redefer: [{ seq, ...change }] })));
    assert.equal((await store.claim(10)).deferred[0]?.attempts, 2);
  });

  test("deliveries with claims behind them come apart, and few", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const suspects = Array.from({ length: SUSPECTS_TOGETHER + 1 }, (_, i) => `suspect ${i}`);
    for (const id of suspects) await defer(store, id);
    assert.equal((await store.claim(100)).deferred.length, suspects.length);
    for (const id of ["3", "4"]) await defer(store, id);
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    await outlive(clock, other);
    const claims = async (one: typeof store) =>
      (await one.claim(100)).deferred.map((row) => row.claims);
    assert.deepEqual(await claims(other), Array(SUSPECTS_TOGETHER).fill(2));
    assert.deepEqual(await claims(other), [2]);
    assert.deepEqual(await claims(other), [1, 1]);
    const third = await fixture.connect();
    await openAs(third, "p3", clock);
    await outlive(clock, third);
    assert.deepEqual(await claims(third), [3]);
    assert.deepEqual(await claims(third), [3]);
  });

  test("retrying a parked delivery forgets its claims", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1");
    const [row] = (await store.claim(10)).deferred;
    const seq = row?.seq ?? -1;
    const problem = { code: "CRASHED", message: "three processes", stack: undefined };
    await store.transaction((tx) =>
      tx.write(writes({ redefer: [{ seq, state: "parked", attempts: 1, delayMs: 0, problem }] })),
    );
    assert.equal((await store.inspect.retry(seq)).claims, 0);
    assert.equal((await store.claim(10)).deferred[0]?.claims, 1);
  });

  test("a claim may be limited to what a process can handle", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    for (const reaction of ["old", "charge", "-"]) await defer(store, `at ${reaction}`, reaction);
    const next = { type: "order.placed.v2" };
    await defer(store, "later", "charge", next);
    await defer(store, "each type", "log", next);
    const known = new Map<string, "any" | readonly string[]>([
      ["charge", ["order.placed.v1", "payment.refunded.v1"]],
      ["log", "any"],
    ]);
    const { deferred, nextDueMs } = await store.claim(10, { known });
    assert.deepEqual(
      deferred.map(({ reaction, type }) => [reaction, type]),
      [
        ["charge", "order.placed.v1"],
        ["-", "order.placed.v1"],
        ["log", "order.placed.v2"],
      ],
    );
    assert.equal(nextDueMs, undefined);
    assert.equal((await store.claim(10)).deferred.length, 2);
  });

  test("fewer deferred deliveries than outbox rows may be claimed", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    await defer(other, "1");
    const claimed = await other.claim(10, { deferred: 0 });
    assert.deepEqual([claimed.outbox.length, claimed.deferred.length], [1, 0]);
    assert.equal(claimed.nextDueMs, 0);
  });

  test("a process that is silent dies, which is known for a while", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const [two, three] = [await fixture.connect(), await fixture.connect()];
    const session = { service: "shop", leaseMs: 1_000, now: () => clock.now };
    assert.notEqual((await two.open({ ...session, owner: "p2" })).others, "died");
    assert.equal((await two.claim(10)).died, false);
    await outlive(clock, two);
    assert.equal((await two.claim(10)).died, true);
    assert.equal((await three.open({ ...session, owner: "p3" })).others, "died");
    await two.claim(10);
    for (let minutes = 0; minutes < 3; minutes++) {
      await clock.advance(60_000);
      for (const one of [two, three]) {
        await one.beat();
        await one.claim(10);
      }
    }
    assert.equal((await two.claim(10)).died, false);
  });

  test("a process that has left tells of no death", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.close();
    const other = await fixture.connect();
    const session = { service: "shop", owner: "p2", leaseMs: 1_000, now: () => clock.now };
    assert.equal((await other.open(session)).others, "none");
    await outlive(clock, other);
    const { died, takenOver } = await other.claim(10);
    assert.deepEqual([died, takenOver.processes], [false, 0]);
  });

  test("one process finds a death, and says what it takes over", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const enqueue = [sampleEvent("1"), sampleEvent("2")];
    await store.transaction((tx) => tx.write(writes({ enqueue })));
    await defer(store, "1");
    await store.claim(10);
    const others = [await fixture.connect(), await fixture.connect()];
    for (const [i, other] of others.entries()) await openAs(other, `p${i + 2}`, clock);
    const sum = { processes: 0, events: 0, deliveries: 0 };
    for (let look = 0; look < 8; look++) {
      await clock.advance(250);
      for (const other of others) {
        await other.beat();
        const { takenOver } = await other.claim(10);
        sum.processes += takenOver.processes;
        sum.events += takenOver.events;
        sum.deliveries += takenOver.deliveries;
      }
    }
    assert.deepEqual(sum, { processes: 1, events: 2, deliveries: 1 });
  });

  test("what a process leaves by closing comes from no dead one", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    await store.close();
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const { outbox, takenOver } = await other.claim(10);
    assert.equal(outbox.length, 1);
    assert.deepEqual(takenOver, { processes: 0, events: 0, deliveries: 0 });
  });

  test("a process that says that it lives is not dead, however slow", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    for (let look = 0; look < 12; look++) {
      await clock.advance(250);
      if (look % 3 === 0) await store.beat();
      await other.beat();
      const { outbox, takenOver } = await other.claim(10);
      assert.deepEqual([outbox.length, takenOver.processes], [0, 0]);
    }
    assert.equal((await store.claim(10)).lost, false);
  });

  test("time without a look says nothing", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    await other.claim(10);
    await clock.advance(HOUR_MS);
    const { outbox, died } = await other.claim(10);
    assert.deepEqual([outbox.length, died], [0, false]);
  });

  test("a process that was found dead learns of it, and lives on", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    const { ticket } = await store.transaction((tx) =>
      tx.write(writes({ enqueue: [sampleEvent("1")] })),
    );
    await outlive(clock, other);
    assert.equal((await other.claim(10)).outbox.length, 1);
    assert.equal((await store.claim(10)).lost, true);
    assert.equal((await store.claim(10)).lost, false, "once");
    assert.ok(ticket !== undefined);
    await store.transaction((tx) =>
      tx.write(writes({ enqueue: [sampleEvent("2")], release: [ticket] })),
    );
    const { outbox, takenOver } = await other.claim(10);
    assert.deepEqual([outbox, takenOver.processes], [[], 0], "each has what is its own");
    assert.deepEqual((await store.claim(10)).outbox, []);
  });

  test("clock-steps-back: a dead process holds nothing", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    await defer(store, "1");
    await store.claim(10);
    await clock.advance(-HOUR_MS);
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    await outlive(clock, other);
    const { outbox, deferred } = await other.claim(10);
    assert.deepEqual([outbox.length, deferred.length], [1, 1]);
  });

  test("clock-steps-back: a live process keeps what it holds", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await store.transaction((tx) => tx.write(writes({ enqueue: [sampleEvent("1")] })));
    await clock.advance(-HOUR_MS);
    const other = await fixture.connect();
    await openAs(other, "p2", clock);
    for (let look = 0; look < 8; look++) {
      await store.beat();
      assert.equal((await other.claim(10)).outbox.length, 0);
      await clock.advance(250);
    }
  });

  test("clock-steps-back: a delay is a duration, not a date", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    await defer(store, "1", "charge", { state: "armed", delayMs: 5_000 });
    await clock.advance(-HOUR_MS);
    const early = await store.claim(10);
    assert.deepEqual([early.deferred.length, early.nextDueMs], [0, 5_000]);
    await clock.advance(5_000);
    assert.equal((await store.claim(10)).deferred.length, 1);
  });
}

async function defer<Native>(
  store: Store<Native>,
  id: string,
  reaction = "charge",
  change: Parameters<typeof sampleDeferred>[1] = {},
): Promise<void> {
  const journal = [sampleEntry(id, { reaction, disposition: "retrying" })];
  const row = sampleDeferred(id, { reaction, problem: undefined, ...change });
  await store.transaction(async (tx) => {
    await tx.receive([sampleReceipt(id, { reaction })]);
    await tx.write(writes({ journal, defer: [row] }));
  });
}
