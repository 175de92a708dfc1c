import { event, service, start } from "odori";
import { memoryBus, memoryStore } from "odori/memory";
import { sqlite } from "odori/sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { silent } from "../support/stage.ts";

const payload = z.object({ orderId: z.string() });
const placed = event("order.placed.v1", payload);
const expired = event("order.expired.v1", payload);
const cancelled = event("order.cancelled.v1", payload);

const order = service("order")
  .begins(placed)
  .deadline(placed, { after: "15m", unless: [cancelled], emits: [expired] })
  .undo(placed, { on: [expired], emits: [cancelled], handle: ({ data }) => cancelled(data) });

describe("a fake clock of the test runner", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it.each([
    ["memory", memoryStore],
    ["sqlite", () => sqlite(":memory:")],
  ] as const)("a deadline fires when it is put forward, on %s", async (_name, store) => {
    const bus = memoryBus([order]);
    const app = await start(order, { store: store(), bus, logger: silent });
    await app.begin("o-1", () => placed({ orderId: "o-1" }));
    const emitted = async () => {
      const rows = await app.inspect.journal("o-1");
      return rows.flatMap((row) => row.emitted.map(({ type }) => type));
    };
    await vi.advanceTimersByTimeAsync(14 * 60_000);
    expect(await emitted()).toEqual([placed.type]);
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    expect(await emitted()).toEqual([placed.type, expired.type, cancelled.type]);
    const stopped = app.stop();
    await vi.runAllTimersAsync();
    await stopped;
  });
});
