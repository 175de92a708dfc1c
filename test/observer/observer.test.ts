import { join } from "node:path";
import { type Store, start } from "odori";
import { memoryBus } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { describe, expect, it } from "vitest";
import { SqliteSource } from "../../src/adapters/sqlite/source.ts";
import { FromHere } from "../../src/check/from-here/from-here.ts";
import { manifestOf } from "../../src/check/index.ts";
import { sampleEntry, writes } from "../../src/conformance/samples.ts";
import { LATE_AFTER_MS } from "../../src/observer/late.ts";
import { unexplained } from "../../src/observer/ledger.ts";
import { Observer } from "../../src/observer/observer.ts";
import { Projection } from "../../src/observer/projection.ts";
import shopping, { opened, shop } from "../cli/fixtures/shopping.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping, temporaryFolder } from "../support/scope.ts";
import { silent } from "../support/stage.ts";

const manifest = manifestOf(shopping);
const fromHere = new FromHere(manifest);

function projected(path = ":memory:"): Projection & Disposable {
  const projection = new Projection(path);
  return Object.assign(projection, { [Symbol.dispose]: () => projection.close() });
}

/** A folder with the database of the shop, and what observes it. */
function place() {
  const folder = temporaryFolder("observer");
  const path = join(folder.path, "payment.db");
  const observed = (projection: Projection, pageRows = 1_000) => {
    const source = new SqliteSource(path);
    const observer = new Observer({
      sources: [source],
      projection,
      foresee: (parts, read) => fromHere.of(parts, read),
      ends: manifest,
      pageRows,
    });
    return closing(Object.assign(observer, { close: () => source.close() }));
  };
  return {
    path,
    kept: join(folder.path, "projection.sqlite"),
    store: (): Store<unknown> => sqlite(path),
    observed,
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

type Kind = "done" | "silent" | "wrong" | "slow";

/** Runs sagas until each is handled. */
async function ran(store: Store<unknown>, kinds: readonly Kind[]): Promise<void> {
  await using bus = closing(memoryBus(["payment"]));
  await using app = stopping(await start(shop, { store, bus, logger: silent, pollMs: 5 }));
  for (const [n, orderId] of kinds.entries()) await app.begin(`s-${n}`, () => opened({ orderId }));
  const count = (kind: Kind) => kinds.filter((one) => one === kind).length;
  await eventually("each is handled", async () => {
    const { outbox, deferred } = await app.inspect.counts();
    return [outbox, deferred.parked ?? 0, deferred.armed ?? 0];
  }, [0, count("wrong"), count("slow")]);
}

const KINDS: readonly Kind[] = ["done", "silent", "wrong", "slow", "done", "wrong", "silent"];

describe("the observer", () => {
  it("says where each saga stands, and accounts for every event", async () => {
    using data = place();
    await ran(data.store(), KINDS);
    using projection = projected();
    await using observer = data.observed(projection);
    expect(await observer.catchUp()).toBeGreaterThan(KINDS.length);
    expect(Object.fromEntries(projection.counts())).toEqual({
      succeeded: 2,
      stuck: 2,
      parked: 2,
      waiting: 1,
    });
    const [account, ...more] = projection.accounts(Date.now());
    expect(more).toEqual([]);
    expect(account).toEqual({
      stem: "order.opened",
      service: "payment",
      reaction: "order.opened",
      emitted: 7,
      handled: 5,
      discarded: 0,
      putOff: 2,
      onItsWay: 0,
      early: 0,
    });
    expect(projection.accounts(Date.now()).map(unexplained)).toEqual([0]);
  });

  it("goes on where it was, in pages of any size, and is the same when built again", async () => {
    using data = place();
    await ran(data.store(), KINDS);
    using whole = projected();
    await using all = data.observed(whole);
    await all.catchUp();
    using kept = projected(data.kept);
    await using pages = data.observed(kept, 2);
    await pages.catchUp();
    expect(kept.dump()).toEqual(whole.dump());
    const again = new Projection(data.kept);
    expect(again.dump()).toEqual(whole.dump());
    again.close();
    expect(await pages.catchUp()).toBe(0);
    expect(kept.dump()).toEqual(whole.dump());
  });

  it("sees what a person has retried or discarded", async () => {
    using data = place();
    await ran(data.store(), ["wrong", "wrong"]);
    using projection = projected();
    await using observer = data.observed(projection);
    await observer.catchUp();
    const store = data.store();
    const [first, second] = await store.inspect.deferred(["parked"], 2);
    await store.inspect.retry(first?.seq ?? 0);
    await store.inspect.discard(second?.seq ?? 0, "by hand");
    await store.close();
    await observer.catchUp();
    expect(Object.fromEntries(projection.counts())).toEqual({ retrying: 1, stuck: 1 });
    expect(projection.accounts(Date.now()).map(unexplained)).toEqual([0]);
  });

  it("an event that nothing has handled is on its way, and late after a while", async () => {
    using data = place();
    await ran(data.store(), ["done"]);
    const store = data.store();
    await store.open({ service: "payment", owner: "p", leaseMs: 1, now: Date.now });
    const event = { id: "e-1", type: "order.opened.v1" };
    const entry = sampleEntry("e-1", {
      reaction: "begin",
      source: "/payment",
      type: event.type,
      sagaId: "lost",
      disposition: "begun",
      emitted: [event],
    });
    await store.transaction((tx) => tx.write(writes({ journal: [entry] })));
    await store.close();
    using projection = projected();
    await using observer = data.observed(projection);
    await observer.catchUp();
    const now = Date.now();
    expect(Object.fromEntries(projection.counts())).toEqual({ succeeded: 1, running: 1 });
    projection.tick(now + LATE_AFTER_MS + 1);
    const later = projection.counts();
    expect(Object.fromEntries(later)).toEqual({ succeeded: 1, late: 1 });
    expect(projection.accounts(Date.now())).toMatchObject([
      { emitted: 2, handled: 1, onItsWay: 1 },
    ]);
  });

  it("refuses a file that is not a projection, and leaves it as it is", async () => {
    using data = place();
    await ran(data.store(), ["done"]);
    expect(() => new Projection(data.path)).toThrow(
      expect.objectContaining({ code: "OPTION_INVALID" }),
    );
    const store = data.store();
    expect(await store.inspect.sagas(9)).toEqual(["s-0"]);
    await store.close();
  });

  it("what no version declares is illegal", async () => {
    using data = place();
    await ran(data.store(), ["done"]);
    const store = data.store();
    await store.open({ service: "payment", owner: "p", leaseMs: 1, now: Date.now });
    const entry = sampleEntry("e-1", {
      reaction: "order.opened",
      source: "/payment",
      type: "order.opened.v1",
      sagaId: "odd",
      emitted: [{ id: "e-2", type: "order.pended.v1" }],
    });
    await store.transaction((tx) => tx.write(writes({ journal: [entry] })));
    await store.close();
    using projection = projected();
    await using observer = data.observed(projection);
    await observer.catchUp();
    expect(Object.fromEntries(projection.counts())).toEqual({ succeeded: 1, illegal: 1 });
  });
});
