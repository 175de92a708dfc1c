import { type App, type EventContract, service, start } from "odori";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import {
  authorized,
  cancelled,
  completed,
  expired,
  placed,
  refunded,
} from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { kits, memoryKit } from "../support/kits.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, ManualClock, silent } from "../support/stage.ts";

const data = { orderId: "o" };
const ends = { succeeds: [completed], fails: [cancelled] };

const shop = service<unknown>("shop")
  .begins(placed)
  .on(authorized, { emits: [completed], handle: (event) => completed(event.data) })
  .on(expired, { emits: [cancelled], handle: (event) => cancelled(event.data) });

type AnyApp = App<unknown, EventContract>;

describe.each(kits)("the status of a saga on $name", ({ make }) => {
  it("goes from unknown over running to its end, with the end's event", async () => {
    using kit = make();
    await using bus = closing(memoryBus(["shop"]));
    const options = { store: kit.store("shop"), bus, logger: silent, pollMs: 5, ends };
    await using app = stopping(await start(shop, options));
    expect(await app.status("s")).toEqual({ state: "unknown" });
    await app.begin("s", () => placed(data));
    expect(await app.status("s")).toEqual({ state: "running" });
    const waiting = app.waitFor("s", { timeout: "1h" });
    await bus.publish([envelope(authorized, "s", data)]);
    const ended = await waiting;
    expect(ended).toMatchObject({ state: "succeeded", event: { type: completed.type } });
    expect(await app.status("s")).toEqual(ended);
    expect(await app.waitFor("s", { timeout: 1 })).toEqual(ended);
    await app.begin("t", () => placed(data));
    await bus.publish([envelope(expired, "t", data)]);
    const failed = { state: "failed", event: { type: cancelled.type } };
    expect(await app.waitFor("t", { timeout: "1h" })).toMatchObject(failed);
  });

  it("is seen by a process that did not handle the end", async () => {
    using kit = make();
    await using bus = closing(memoryBus(["shop"]));
    await using elsewhere = closing(memoryBus(["shop"]));
    const options = { bus, logger: silent, pollMs: 5, ends };
    await using app = stopping(await start(shop, { ...options, store: kit.store("shop") }));
    const other = { ...options, store: kit.store("shop"), bus: elsewhere };
    await using _other = stopping(await start(shop, other));
    await app.begin("s", () => placed(data));
    const waiting = app.waitFor("s", { timeout: "1h" });
    await elsewhere.publish([envelope(authorized, "s", data)]);
    expect(await waiting).toMatchObject({ state: "succeeded" });
  });
});

describe("waiting for the end of a saga", () => {
  async function waitingApp(clock = new ManualClock()) {
    const kit = memoryKit();
    const bus = memoryBus(["shop"]);
    const store = kit.store("shop");
    const app: AnyApp = await start(shop, { store, bus, logger: silent, ends, environment: clock });
    return { app: stopping(app), bus, store, clock };
  }

  it("reads the store at the beginning and after commits of its saga, and no more", async () => {
    const { app: opened, bus, store } = await waitingApp();
    await using app = opened;
    let reads = 0;
    const { journal } = store.inspect;
    store.inspect.journal = (sagaId) => {
      reads++;
      return journal.call(store.inspect, sagaId);
    };
    await app.begin("s", () => placed(data));
    await app.begin("other", () => placed(data));
    const waiting = app.waitFor("s", { timeout: "1h" });
    await bus.publish([envelope(expired, "other", data)]);
    await bus.publish([envelope(authorized, "s", data)]);
    await waiting;
    expect(reads).toBe(2);
  });

  it("ends with WAIT_TIMEOUT, which says where the saga stands, and the saga goes on", async () => {
    const { app: opened, bus, clock } = await waitingApp();
    await using app = opened;
    await app.begin("s", () => placed(data));
    const waiting = app.waitFor("s", { timeout: "5s" });
    const unknown = app.waitFor("unknown", { timeout: "5s" });
    const settled = Promise.allSettled([waiting, unknown]);
    clock.advance(5_000);
    const reasons = (await settled).map((one) => (one.status === "rejected" ? one.reason : one));
    expect(reasons).toMatchObject([
      { code: "WAIT_TIMEOUT", message: expect.stringContaining("begun order.placed.v1") },
      { code: "WAIT_TIMEOUT", message: expect.stringContaining("shop has nothing of it") },
    ]);
    await bus.publish([envelope(authorized, "s", data)]);
    expect(await app.status("s")).toMatchObject({ state: "succeeded" });
  });

  it("ends when the service stops", async () => {
    const { app } = await waitingApp();
    const refused = expect(app.waitFor("s", { timeout: "1h" })).rejects.toMatchObject({
      code: "STOPPED",
    });
    await app.stop();
    await refused;
    await expect(app.waitFor("s", { timeout: "1h" })).rejects.toMatchObject({ code: "STOPPED" });
  });

  it("needs ends, each of which the service hears or emits", async () => {
    const store = () => memoryKit().store("shop");
    await using bus = closing(memoryBus(["shop"]));
    await using app = stopping(await start(shop, { store: store(), bus, logger: silent }));
    await expect(app.status("s")).rejects.toMatchObject({ code: "OPTION_INVALID" });
    const strange = { succeeds: [completed], fails: [refunded] };
    await expect(
      start(shop, { store: store(), bus, logger: silent, ends: strange }),
    ).rejects.toMatchObject({
      code: "OPTION_INVALID",
      message: expect.stringContaining("refunded"),
    });
  });
});

describe("a duplicate", () => {
  it("is counted in health, and at the row that it repeats", async () => {
    using kit = memoryKit();
    await using bus = closing(memoryBus(["shop"]));
    const store = kit.store("shop");
    await using app = stopping(await start(shop, { store, bus, logger: silent, pollMs: 5 }));
    const event = envelope(authorized, "s", data);
    await bus.publish([event]);
    expect((await app.health()).duplicates).toBe(0);
    await bus.publish([event, envelope(authorized, "t", data)]);
    await bus.publish([event]);
    await eventually("both are counted", async () => (await app.health()).duplicates, 2);
    const rows = [...(await app.inspect.journal("s")), ...(await app.inspect.journal("t"))];
    expect(rows.map(({ sagaId, duplicates }) => [sagaId, duplicates])).toEqual([
      ["s", 2],
      ["t", 0],
    ]);
  });
});
