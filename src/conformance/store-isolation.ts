import assert from "node:assert/strict";
import { codeOf, type OdoriError } from "../contract/errors.ts";
import { gate } from "./runner.ts";
import { sampleDeferred, sampleEntry, sampleReceipt, writes } from "./samples.ts";
import { openAs, type StoreTest } from "./store-fixture.ts";

/** Tests that each handler of a transaction can be undone, closed and taken out by itself. */
export function isolationSuite<Native>(test: StoreTest<Native>): void {
  scopeTests(test);
  detachedTests(test);
  togetherTests(test);
}

function scopeTests<Native>(test: StoreTest<Native>): void {
  test("undoing one handler keeps the rows of the others", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction(async (tx) => {
      for (const key of ["first", "undone", "second", "undone too", "third"]) {
        const scope = tx.scope();
        assert.equal(scope.touched, false);
        await fixture.put(scope.native, key);
        assert.equal(scope.touched, true);
        await (key.startsWith("undone") ? scope.undo() : scope.keep());
      }
    });
    const kept = ["first", "second", "third"];
    for (const key of kept) assert.equal(await fixture.has(key), true, key);
    for (const key of ["undone", "undone too"]) assert.equal(await fixture.has(key), false, key);
  });

  test("undoing a handler keeps the bookkeeping written before it", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction(async (tx) => {
      const failed = tx.scope();
      await fixture.put(failed.native, "failed");
      await failed.undo();
      await tx.write(writes({ journal: [sampleEntry("1")] }));
      const next = tx.scope();
      await fixture.put(next.native, "failed as well");
      await next.undo();
      await tx.write(writes({ journal: [sampleEntry("2")] }));
    });
    for (const id of ["1", "2"])
      assert.equal((await store.inspect.journal(`saga of ${id}`)).length, 1, id);
    assert.equal(await fixture.has("failed"), false);
    assert.equal(await fixture.has("failed as well"), false);
  });

  test("a handler that has ended is refused the transaction", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const late = (native: Native, key: string) =>
      assert.rejects(async () => fixture.put(native, key), { code: "TRANSACTION_CLOSED" });
    await store.transaction(async (tx) => {
      const kept = tx.scope();
      await fixture.put(kept.native, "in time");
      await kept.keep();
      await late(kept.native, "after keep");
      const undone = tx.scope();
      await fixture.put(undone.native, "undone");
      await undone.undo();
      await late(undone.native, "after undo");
      const untouched = tx.scope();
      await untouched.keep();
      await late(untouched.native, "first after keep");
      const next = tx.scope();
      await fixture.put(next.native, "next");
      await next.keep();
    });
    for (const key of ["in time", "next"]) assert.equal(await fixture.has(key), true, key);
    for (const key of ["after keep", "after undo", "undone", "first after keep"])
      assert.equal(await fixture.has(key), false, key);
  });

  test("a handler that outlives its transaction writes into no other", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const givenUp: Native[] = [];
    const failing = store.transaction(async (tx) => {
      for (const exclusive of [false, true]) {
        const scope = tx.scope({ exclusive });
        await fixture.put(scope.native, `given up ${exclusive}`);
        givenUp.push(scope.native, tx.scope({ exclusive }).native);
      }
      throw new Error("given up");
    });
    await assert.rejects(failing, /given up/);
    await store.transaction(async (tx) => {
      const scope = tx.scope();
      await fixture.put(scope.native, "neighbour");
      for (const native of givenUp)
        await assert.rejects(async () => fixture.put(native, "late"), {
          code: "TRANSACTION_CLOSED",
        });
      await scope.keep();
    });
    assert.equal(await fixture.has("neighbour"), true);
    for (const key of ["given up false", "given up true", "late"])
      assert.equal(await fixture.has(key), false, key);
  });

  test("a statement of a handler that has returned does nothing", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const reported: string[] = [];
    const report = ({ code }: OdoriError) => void reported.push(code);
    const stray = (native: Native) => void fixture.put(native, "stray");
    await store.transaction(async (tx) => {
      const early = tx.scope();
      await fixture.put(early.native, "undone");
      early.returned(report);
      stray(early.native);
      await assert.rejects(async () => early.keep(), { code: "STATEMENT_NOT_AWAITED" });
      await early.undo();
      const kept = tx.scope();
      await fixture.put(kept.native, "kept");
      kept.returned(report);
      await kept.keep();
      stray(kept.native);
    });
    const detached = store.detached();
    await fixture.put(detached.native, "by itself");
    detached.returned(report);
    await detached.complete((tx) => tx.write(writes({ journal: [sampleEntry("1")] })));
    stray(detached.native);
    assert.deepEqual(
      reported,
      Array.from({ length: 3 }, () => "STATEMENT_NOT_AWAITED"),
    );
    for (const key of ["kept", "by itself"]) assert.equal(await fixture.has(key), true, key);
    for (const key of ["undone", "stray"]) assert.equal(await fixture.has(key), false, key);
  });

  test(
    "a statement that the handler does not await is the handler's failure",
    async (fixture, store) => {
      await openAs(store, "p1", fixture.clock);
      await store.transaction(async (tx) => {
        const scope = tx.scope();
        void fixture.put(scope.native, "not awaited").catch(() => {});
        await assert.rejects(async () => scope.keep(), { code: "STATEMENT_NOT_AWAITED" });
        await scope.undo();
      });
      assert.equal(await fixture.has("not awaited"), false);
    },
    "concurrent",
  );

  test(
    "a saga that another transaction holds is busy, and not waited for",
    async (fixture, store) => {
      const other = await fixture.connect();
      await openAs(store, "p1", fixture.clock);
      await openAs(other, "p2", fixture.clock);
      const [held, decided] = [gate(), gate()];
      const holder = store.transaction(async (tx) => {
        await tx.receive([sampleReceipt("1", { sagaId: "held" })]);
        held.open();
        await decided.opened;
      });
      await held.opened;
      const received = await other.transaction((tx) =>
        tx.receive([
          sampleReceipt("2", { sagaId: "free" }),
          sampleReceipt("3", { sagaId: "held" }),
          sampleReceipt("4", { sagaId: "free too" }),
        ]),
      );
      decided.open();
      await holder;
      const statuses = received.map(({ status }) => status);
      assert.deepEqual(statuses, ["fresh", "busy", "fresh"]);
    },
    "concurrent",
  );

  test(
    "a deferred delivery of a saga that another transaction holds is busy, and not waited for",
    async (fixture, store) => {
      await openAs(store, "p1", fixture.clock);
      const own = ["1", "2"].map((id) => sampleDeferred(id, { delayMs: 0, held: true }));
      const { deferred } = await store.transaction((tx) => tx.write(writes({ defer: own })));
      const [first, second] = deferred;
      const [held, decided] = [gate(), gate()];
      const holder = store.transaction(async (tx) => {
        await tx.receive([sampleReceipt("1", { deferred: first })]);
        held.open();
        await decided.opened;
      });
      await held.opened;
      const asked = [
        sampleReceipt("1", { deferred: first }),
        sampleReceipt("2", { deferred: second }),
      ];
      const received = await store
        .transaction((tx) => tx.receive(asked))
        .finally(() => decided.open());
      await holder;
      const statuses = received.map(({ status }) => status);
      assert.deepEqual(statuses, ["busy", "fresh"]);
    },
    "concurrent",
  );
}

function detachedTests<Native>(test: StoreTest<Native>): void {
  test("a handler taken out of a transaction commits by itself", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const detached = await store.transaction(async (tx) => {
      const slow = tx.scope();
      const neighbour = tx.scope();
      const out = slow.detach();
      await fixture.put(neighbour.native, "neighbour");
      await neighbour.keep();
      return out;
    });
    assert.equal(await fixture.has("neighbour"), true);
    await fixture.put(detached.native, "by itself");
    await detached.complete((tx) => tx.write(writes({ journal: [sampleEntry("1")] })));
    assert.equal(await fixture.has("by itself"), true);
    assert.equal((await store.inspect.journal("saga of 1")).length, 1);
    await assert.rejects(async () => fixture.put(detached.native, "late"), {
      code: "TRANSACTION_CLOSED",
    });
  });

  test("a handler by itself that writes nothing holds nothing", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const detached = store.detached();
    await store.transaction((tx) => fixture.put(tx.native, "meanwhile"));
    assert.equal(await fixture.has("meanwhile"), true);
    const found = await detached.complete(async (tx) => {
      await tx.write(writes({ journal: [sampleEntry("1")] }));
      return "its result";
    });
    assert.equal(found, "its result");
    assert.equal((await store.inspect.journal("saga of 1")).length, 1);
  });

  test("a handler by itself that is abandoned leaves nothing", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const detached = store.detached();
    await fixture.put(detached.native, "abandoned");
    // Twice: a handler that fails while its service stops is abandoned by both.
    await Promise.all([detached.abandon(), detached.abandon()]);
    await detached.abandon();
    await assert.rejects(async () => fixture.put(detached.native, "late"), {
      code: "TRANSACTION_CLOSED",
    });
    const untouched = store.detached();
    await untouched.abandon();
    await store.transaction((tx) => fixture.put(tx.native, "next"));
    assert.equal(await fixture.has("abandoned"), false);
    assert.equal(await fixture.has("late"), false);
    assert.equal(await fixture.has("next"), true);
  });

  test("bookkeeping that fails undoes the handler by itself", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const failure = new Error("the saga has changed meanwhile");
    for (const touches of [true, false]) {
      const detached = store.detached();
      if (touches) await fixture.put(detached.native, "handled");
      const attempt = detached.complete(async (tx) => {
        await tx.write(writes({ journal: [sampleEntry("1")] }));
        throw failure;
      });
      await assert.rejects(attempt, failure);
      await detached.abandon();
      assert.equal(await fixture.has("handled"), false);
      assert.deepEqual(await store.inspect.journal("saga of 1"), []);
    }
  });

  test("a detached handler commits beside others, or is refused", async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    const [held, decided] = [gate(), gate()];
    const holder = store.transaction(async (tx) => {
      await fixture.put(tx.native, "holder");
      held.open();
      await decided.opened;
    });
    await held.opened;
    const detached = store.detached();
    const refused = await Promise.resolve()
      .then(() => fixture.put(detached.native, "beside"))
      .then(() => undefined, codeOf);
    assert.equal(detached.contended, refused !== undefined);
    decided.open();
    await holder;
    const work = () => Promise.resolve();
    if (refused === undefined) await detached.complete(work);
    else {
      assert.equal(refused, "STORE_CONTENDED");
      // Also when the handler has swallowed the error: its row is missing.
      await assert.rejects(detached.complete(work), { code: "STORE_CONTENDED" });
      await detached.abandon();
      const again = store.detached();
      await fixture.put(again.native, "beside");
      await again.complete(work);
    }
    for (const key of ["holder", "beside"]) assert.equal(await fixture.has(key), true, key);
  });
}

/** Stores whose transactions run side by side have statements that cost a round trip. */
function togetherTests<Native>(test: StoreTest<Native>): void {
  const title = "of handlers that travel together, all are kept or all undone";
  const body: Parameters<StoreTest<Native>>[1] = async (fixture, store) => {
    await openAs(store, "p1", fixture.clock);
    await store.transaction(async (tx) => {
      const first = tx.scope();
      await fixture.put(first.native, "before");
      await first.keep();
      assert.ok(tx.together, "a store whose statements cost a round trip");
      const refused = tx.together();
      const [quick, other] = [refused.scope(), refused.scope()];
      // Nothing has come between these two.
      await fixture.put(quick.native, "quick 1");
      await fixture.put(quick.native, "quick 2");
      await fixture.put(other.native, "other");
      await assert.rejects(async () => fixture.put(quick.native, "quick 3"));
      assert.deepEqual([...refused.culprits], [quick]);
      await refused.undo();
      const kept = tx.together();
      const scopes = ["a", "b", "c"].map((key) => ({ key, scope: kept.scope() }));
      await Promise.all(scopes.map(({ key, scope }) => fixture.put(scope.native, key)));
      for (const { scope } of scopes) await scope.keep();
      assert.equal(kept.culprits.size, 0);
      kept.keep();
      const last = tx.scope();
      await fixture.put(last.native, "undone");
      await last.undo();
    });
    assert.equal(await fixture.has("before"), true);
    const travelled = await fixture.has("a");
    for (const key of ["b", "c"]) assert.equal(await fixture.has(key), travelled, key);
    for (const key of ["quick 1", "quick 2", "quick 3", "other", "undone"])
      assert.equal(await fixture.has(key), false, key);
  };
  test(title, body, "concurrent");
}
