import { service, start } from "odori";
import { memoryBus, memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { memoryKit } from "../support/kits.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, Stage, silent } from "../support/stage.ts";
import { StrictBus } from "../support/strict-bus.ts";
import { Recorded } from "./recorded.ts";

const data = { orderId: "o" };
const payment = service("payment").on(placed, {
  emits: [authorized],
  handle: ({ data }) => authorized(data),
});

describe("metrics", () => {
  it("of the messaging conventions, by event, service and reaction", async () => {
    await using recorded = new Recorded();
    await using stage = await Stage.open(memoryKit(), payment, { telemetry: recorded.telemetry });
    const event = envelope(placed, "saga-17", data, { time: new Date().toISOString() });
    await stage.hear(event);
    await stage.hear(event);
    await eventually("it is emitted", () => stage.emitted.length, 1);
    await eventually(
      "the bus has confirmed it",
      () => recorded.named(`send ${authorized.type}`).length,
      1,
    );
    const metrics = await recorded.metrics();
    expect(metrics.get("messaging.process.duration")).toEqual([
      {
        attributes: {
          "messaging.system": "odori",
          "messaging.operation.name": "process",
          "messaging.destination.name": placed.type,
          "messaging.consumer.group.name": "payment",
          "odori.reaction": "order.placed",
          "odori.disposition": "done",
        },
        value: expect.objectContaining({ count: 1 }),
      },
    ]);
    expect(metrics.get("messaging.client.consumed.messages")).toMatchObject([{ value: 2 }]);
    expect(metrics.get("messaging.client.sent.messages")).toEqual([
      {
        attributes: {
          "messaging.system": "odori",
          "messaging.operation.name": "send",
          "messaging.destination.name": authorized.type,
        },
        value: 1,
      },
    ]);
    expect(metrics.get("odori.delivery.lag")).toMatchObject([{ value: { count: 1 } }]);
    // Each value of a label is a time series.
    expect(JSON.stringify([...metrics])).not.toMatch(/saga-17|outside-\d/);
  });

  it("of the state of a service: outbox, deferred deliveries, and what is wrong", async () => {
    await using recorded = new Recorded();
    await using bus = closing(new StrictBus(memoryBus(["order", "payment"])));
    const order = service("order").begins(placed);
    await using app = stopping(
      await start(order, {
        store: memoryStore(),
        bus,
        logger: silent,
        telemetry: recorded.telemetry,
      }),
    );
    const of = async (name: string) => (await recorded.metrics()).get(name);
    const attributes = { "odori.service": "order" };
    expect(await of("odori.degraded")).toEqual([{ attributes, value: 0 }]);
    bus.away = true;
    await app.begin("s", () => placed(data));
    await eventually("the bus is missed", () => of("odori.degraded"), [
      { attributes: attributes, value: 1 },
    ]);
    expect(await of("odori.outbox.events")).toEqual([{ attributes, value: 1 }]);
    await eventually(
      "the row grows old",
      async () => (await of("odori.outbox.oldest_age"))?.[0]?.value,
      (age) => Number(age) > 0,
    );
    expect(await of("odori.outbox.refused")).toEqual([{ attributes, value: 0 }]);
    expect(await of("odori.deferred")).toContainEqual({
      attributes: { ...attributes, "odori.state": "parked" },
      value: 0,
    });
  });

  it("are not read of a service that has stopped", async () => {
    await using recorded = new Recorded();
    let asked = 0;
    const report = async () => {
      asked++;
      const takenOver = { processes: 0, events: 0, deliveries: 0 };
      const dead = { takenOver, redelivered: 3, lost: 0 };
      return { problem: undefined, refused: 0, ...dead, store: undefined };
    };
    const watch = recorded.telemetry.watch({ name: "order", report });
    const metrics = await recorded.metrics();
    expect(metrics.get("odori.takeover.redelivered")).toMatchObject([{ value: 3 }]);
    expect(asked).toBe(1);
    watch.stopped();
    await recorded.metrics();
    expect(asked).toBe(1);
  });
});
