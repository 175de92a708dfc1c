import assert from "node:assert/strict";
import { sampleDeferred, sampleEntry, sampleEvent, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests `StoreInspection`. */
export function inspectionSuite<Native>(test: StoreTest<Native>): void {
  test("the journal of a saga, oldest first, as it was written", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const first = sampleEntry("1", {
      sagaId: "s",
      effect: "payment.authorized.v1",
      emitted: [{ id: "e", type: "payment.authorized.v1" }],
    });
    const second = sampleEntry("2", {
      sagaId: "s",
      causationId: "1",
      disposition: "undone",
      reaction: "undo",
      attempt: 2,
      durationMs: 7,
    });
    const whole = (seq: number) => ({
      attempt: undefined,
      durationMs: undefined,
      duplicates: 0,
      fingerprint: undefined,
      seq: base + seq,
    });
    await store.transaction((tx) => tx.write(writes({ journal: [first, sampleEntry("x")] })));
    await clock.advance(5);
    await store.transaction((tx) => tx.write(writes({ journal: [second] })));
    const base = ((await store.inspect.journal("s"))[0]?.seq ?? 0) - 1;
    assert.deepEqual(await store.inspect.journal("s"), [
      { ...first, ...whole(1), at: clock.now - 5 },
      { ...second, ...whole(3), attempt: 2, durationMs: 7, at: clock.now },
    ]);
    assert.equal((await store.inspect.journal("s", 1)).length, 1);
    assert.deepEqual(await store.inspect.journal("unknown"), []);
    assert.deepEqual(await store.inspect.sagas(1), ["s"]);
    assert.equal((await store.inspect.sagas(10)).length, 2);
  });

  test("an amended row says what became of the delivery in the end", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction((tx) =>
      tx.write(writes({ journal: [sampleEntry("1", { disposition: "retrying" })] })),
    );
    await store.transaction((tx) =>
      tx.write(writes({ amend: [sampleEntry("1", { emitted: [{ id: "e", type: "t" }] })] })),
    );
    const journal = await store.inspect.journal("saga of 1");
    assert.deepEqual(
      journal.map(({ disposition, emitted }) => [disposition, emitted.length]),
      [["done", 1]],
    );
  });

  test("each write of a row gives it the next place in the feed", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const seqs = new Set<number>();
    const newest = async () => {
      const rows = await store.inspect.journal("s");
      const seq = rows.find(({ id }) => id === "1")?.seq ?? 0;
      assert.equal(Math.max(0, ...seqs) < seq, true, `${seq} comes after ${[...seqs]}`);
      seqs.add(seq);
    };
    const write = (change: Parameters<typeof writes>[0]) =>
      store.transaction((tx) => tx.write(writes(change)));
    const other = () => write({ journal: [sampleEntry(`o${seqs.size}`, { sagaId: "s" })] });
    const row = (state: "retrying" | "parked") =>
      sampleEntry("1", { sagaId: "s", disposition: state });
    await write({ journal: [row("retrying")] });
    await newest();
    await other();
    await write({
      amend: [row("parked")],
      defer: [sampleDeferred("1", { sagaId: "s", state: "parked" })],
    });
    await newest();
    await other();
    const [parked] = await store.inspect.deferred(["parked"], 1);
    await store.inspect.discard(parked?.seq ?? -1, "a test");
    await newest();
    await other();
    const rows = await store.inspect.journal("s");
    assert.equal(new Set(rows.map(({ seq }) => seq)).size, rows.length);
  });

  test("the latest sagas come first, each once", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    for (const [n, sagaId] of ["a", "b", "a", "c", "a", "a", "a"].entries())
      await store.transaction((tx) =>
        tx.write(writes({ journal: [sampleEntry(`${n}`, { sagaId })] })),
      );
    assert.deepEqual(await store.inspect.sagas(2), ["a", "c"]);
    assert.deepEqual(await store.inspect.sagas(10), ["a", "c", "b"]);
  });

  test("an event published again is claimed by the next process", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const event = sampleEvent("1");
    await store.inspect.republish(event);
    assert.equal((await store.inspect.counts()).outbox, 1);
    const { outbox } = await store.claim(10);
    assert.deepEqual(
      outbox.flatMap(({ events }) => events),
      [event],
    );
    await store.transaction((tx) =>
      tx.write(writes({ confirm: outbox.map(({ ticket }) => ticket) })),
    );
    assert.equal((await store.inspect.counts()).outbox, 0);
    assert.deepEqual(await store.inspect.sagas(1), [], "the journal does not change");
  });

  test("counts", async (fixture, store) => {
    const { clock } = fixture;
    await openAs(store, "p1", clock);
    const counted = async () => {
      const { at = 0, backlog, busFault, ...counts } = await store.inspect.counts();
      assert.equal(backlog, undefined, "no process has asked the bus");
      assert.equal(busFault, undefined, "no process has lost it");
      return { counts, at };
    };
    const empty = { processes: 1, outbox: 0, outboxOldestMs: 0, deferred: {} };
    const before = await counted();
    assert.deepEqual(before.counts, empty);
    const enqueue = [sampleEvent("1"), sampleEvent("2")];
    await store.transaction((tx) =>
      tx.write(
        writes({
          journal: [sampleEntry("1")],
          enqueue,
          defer: [sampleDeferred("1", { state: "parked" })],
        }),
      ),
    );
    assert.deepEqual((await store.inspect.counts({ deferred: false })).deferred, {});
    await clock.advance(40);
    const after = await counted();
    const full = { processes: 1, outbox: 2, outboxOldestMs: 40, deferred: { parked: 1 } };
    assert.deepEqual(after.counts, full);
    if (before.at > 0) assert.equal(after.at - before.at, 40, "the database's clock");
    await clock.advance(1_000);
    assert.equal((await store.inspect.counts()).processes, 0, "its lease has run out");
  });

  test(
    "what the bus holds is told by the processes that live",
    async (fixture, store) => {
      const { clock } = fixture;
      const told = async () => (await store.inspect.counts()).backlog;
      await openAs(store, "p1", clock);
      await store.putBacklog?.(3, 0);
      assert.deepEqual(await told(), { deliveries: 3, emptyMs: undefined });
      await store.putBacklog?.(0, 20);
      assert.deepEqual(await told(), { deliveries: 0, emptyMs: 20 });
      await clock.advance(10);
      await store.putBacklog?.(2, 0);
      assert.deepEqual(await told(), { deliveries: 2, emptyMs: 30 }, "it was empty before");
      await store.claim(10);
      assert.equal((await told())?.emptyMs, 30, "renewing the lease keeps it");

      const other = await fixture.connect();
      await openAs(other, "p2", clock);
      assert.equal((await told())?.emptyMs, undefined, "another process may hold some");
      await other.putBacklog?.(0, 0);
      assert.equal((await told())?.emptyMs, 30, "the one that found it empty longest ago");
      await other.close();
      assert.equal((await told())?.emptyMs, 30, "it has given all back");
    },
    "backlog",
  );

  test(
    "a lost bus is told by the processes that live, since the first of them lost it",
    async (fixture, store) => {
      const { clock } = fixture;
      const told = async () => (await store.inspect.counts()).busFault;
      await openAs(store, "p1", clock);
      assert.equal(await told(), undefined);
      const fault = { code: "BUS_UNAVAILABLE", place: "localhost:4222" };
      await store.putBusFault?.({ ...fault, sinceMs: 20 });
      await clock.advance(10);
      assert.deepEqual(await told(), { ...fault, sinceMs: 30 });
      await store.claim(10);
      await store.putBacklog?.(0, 0);
      assert.deepEqual(await told(), { ...fault, sinceMs: 30 }, "until it is told to be back");

      const other = await fixture.connect();
      await openAs(other, "p2", clock);
      await other.putBusFault?.({ ...fault, sinceMs: 50 });
      assert.equal((await told())?.sinceMs, 50);
      await other.close();
      assert.equal((await told())?.sinceMs, 30, "it is not a process any more");
      await store.putBusFault?.(undefined);
      assert.equal(await told(), undefined);
    },
    "busFault",
  );

  test(
    "a process that died may have had deliveries in hand",
    async (fixture, store) => {
      const { clock } = fixture;
      const dead = await fixture.connect();
      await openAs(dead, "p1", clock);
      await clock.advance(1_000);
      await openAs(store, "p2", clock);
      await store.putBacklog?.(0, 0);
      assert.deepEqual((await store.inspect.counts()).backlog, {
        deliveries: 0,
        emptyMs: undefined,
      });
    },
    "backlog",
  );

  test("retrying a parked delivery makes it due, with 0 attempts", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction((tx) =>
      tx.write(
        writes({
          journal: [sampleEntry("1", { disposition: "parked" })],
          defer: [sampleDeferred("1", { state: "parked", attempts: 8 })],
        }),
      ),
    );
    const [parked] = await store.inspect.deferred(["parked"], 10);
    const seq = parked?.seq ?? -1;
    const again = await store.inspect.retry(seq);
    assert.deepEqual([again.state, again.attempts], ["retrying", 0]);
    assert.deepEqual(
      (await store.claim(10)).deferred.map((row) => row.seq),
      [seq],
    );
    await assert.rejects(store.inspect.retry(seq), { code: "NOT_PARKED" });
    await assert.rejects(store.inspect.retry(999), { code: "NOT_PARKED" });
  });

  test("discarding keeps row and reason, and frees the next one", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const journal = [
      sampleEntry("1", { sagaId: "s", disposition: "parked" }),
      sampleEntry("2", { sagaId: "s", disposition: "waiting" }),
    ];
    const defer = [
      sampleDeferred("1", { sagaId: "s", state: "parked" }),
      sampleDeferred("2", { sagaId: "s", state: "waiting" }),
    ];
    await store.transaction((tx) => tx.write(writes({ journal, defer })));
    const [parked] = await store.inspect.deferred(["parked"], 10);
    const closed = await store.inspect.discard(parked?.seq ?? -1, "it was a test order");
    assert.deepEqual([closed.state, closed.reason], ["discarded", "it was a test order"]);
    assert.deepEqual(
      (await store.inspect.deferred(["discarded"], 10)).map(({ reason }) => reason),
      ["it was a test order"],
    );
    assert.equal(
      (await store.inspect.journal("s")).find(({ id }) => id === "1")?.disposition,
      "discarded",
    );
    assert.deepEqual(
      (await store.claim(10)).deferred.map(({ id }) => id),
      ["2"],
    );
    await assert.rejects(store.inspect.discard(parked?.seq ?? -1, "again"), { code: "NOT_PARKED" });
  });
}
