import { type Bus, type OdoriError, type SubscribeOptions, service, start } from "odori";
import { ACCEPTED, busUnavailable, type Deliver, type PublishResult } from "odori/adapter";
import { memoryBus, memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { stopping } from "../support/scope.ts";
import { envelope, ManualClock, silent } from "../support/stage.ts";

const gone = () => busUnavailable("the test", new Error("the queue is gone"));

/** A broker that a test takes away: it counts what the runtime asks of it. */
class FragileBus implements Bus {
  readonly guarantees = { order: "none", durable: true } as const;
  /** Why `subscribe` and `check` reject; `"silent"`: they never settle. */
  fault: OdoriError | "silent" | undefined;
  subscriptions = 0;
  closed = 0;
  checks = 0;
  /** What each subscription says to have freed. */
  freed = 0;
  lose: (error: OdoriError) => void = () => {};
  deliver: Deliver = async () => {};

  async publish(events: readonly unknown[]): Promise<readonly PublishResult[]> {
    if (this.fault !== undefined) throw gone();
    return events.map(() => ACCEPTED);
  }

  async subscribe({ onLost = () => {} }: SubscribeOptions, deliver: Deliver) {
    this.subscriptions++;
    await this.#reply();
    this.lose = onLost;
    this.deliver = deliver;
    return {
      check: () => {
        this.checks++;
        return this.#reply();
      },
      redelivered: () => this.freed,
      close: async () => void this.closed++,
    };
  }

  async close() {}

  #reply(): Promise<void> {
    if (this.fault === "silent") return new Promise(() => {});
    return this.fault === undefined ? Promise.resolve() : Promise.reject(this.fault);
  }
}

function recorder() {
  const lines: string[] = [];
  const at = (level: string) => (line: string) => void lines.push(`${level}: ${line}`);
  return { lines, logger: { ...silent, info: at("info"), warn: at("warn") } };
}

async function stage() {
  const bus = new FragileBus();
  const clock = new ManualClock();
  const { lines, logger } = recorder();
  let heard = 0;
  const shop = service("shop").on(placed, { handle: () => void heard++ });
  const settings = { store: memoryStore(), bus, logger, environment: clock, pollMs: 1_000_000 };
  const app = await start(shop, settings);
  return { bus, clock, lines, app, heard: () => heard };
}

/** Lets the clock run until the runtime has subscribed `count` times. */
function subscribing(bus: FragileBus, clock: ManualClock, count: number) {
  return eventually(`${count} subscriptions`, () => {
    clock.advance(1_000);
    return bus.subscriptions >= count;
  });
}

describe("a service that can hear no more", () => {
  it("subscribes again, and says so: one line when it is lost, one when it hears", async () => {
    const { bus, clock, lines, app, heard } = await stage();
    await using _ = stopping(app);
    expect(await app.health()).toMatchObject({ state: "ready", problem: undefined });
    bus.fault = gone();
    bus.lose(gone());
    expect(await app.health()).toMatchObject({
      state: "degraded",
      problem: "BUS_UNAVAILABLE",
      reason: expect.stringContaining("the queue is gone"),
    });
    await subscribing(bus, clock, 4);
    expect(await app.health()).toMatchObject({ state: "degraded" });
    expect(bus.closed).toBe(1);
    bus.fault = undefined;
    await eventually("it hears again", async () => {
      clock.advance(1_000);
      return (await app.health()).state === "ready";
    });
    expect(lines).toEqual([
      "warn: the service does not hear the bus; it subscribes again",
      "info: the service hears the bus again",
    ]);
    await bus.deliver(envelope(placed, "s", { orderId: "s" }));
    expect(heard()).toBe(1);
  });

  it.each([0, 1, 2, 3, 4])("notices a loss %d turns after the broker's reply", async (turns) => {
    const inner = new FragileBus();
    let lost = false;
    const bus: Bus = {
      guarantees: inner.guarantees,
      publish: (events) => inner.publish(events),
      close: () => inner.close(),
      async subscribe(options, deliver) {
        const { close } = await inner.subscribe(options, deliver);
        const lose = (left: number): void => {
          if (left > 0) queueMicrotask(() => lose(left - 1));
          else if (!lost) {
            lost = true;
            options.onLost?.(gone());
          }
        };
        queueMicrotask(() => lose(turns));
        // No check: nothing else tells that the member is deaf.
        return { close };
      },
    };
    const clock = new ManualClock();
    const shop = service("shop").on(placed, { handle: () => {} });
    const starting = start(shop, {
      store: memoryStore(),
      bus,
      logger: silent,
      environment: clock,
    });
    const app = await starting.catch((error: unknown) => error);
    // Lost before the member is there: it could not start.
    if (app instanceof Error) return expect(app).toMatchObject({ code: "BUS_UNAVAILABLE" });
    await using _ = stopping(await starting);
    await subscribing(inner, clock, 2);
  });

  it("sums up what its members have freed of dead ones, lost members included", async () => {
    const { bus, clock, app } = await stage();
    await using _ = stopping(app);
    expect((await app.health()).redelivered).toBe(0);
    bus.freed = 3;
    expect((await app.health()).redelivered).toBe(3);
    bus.lose(gone());
    bus.freed = 2;
    expect((await app.health()).redelivered).toBe(3);
    await subscribing(bus, clock, 2);
    await eventually("the next one counts", async () => (await app.health()).redelivered, 5);
  });

  it("is degraded as soon as health asks, also before the next check", async () => {
    const { bus, clock, app } = await stage();
    await using _ = stopping(app);
    bus.fault = gone();
    clock.advance(600);
    expect(await app.health()).toMatchObject({ state: "degraded" });
    expect(bus.checks).toBe(1);
  });

  it("finds a broker that never replies, and gives up a subscription without a reply", async () => {
    const { bus, clock, app } = await stage();
    await using _ = stopping(app);
    bus.fault = "silent";
    await eventually("it asks", () => {
      clock.advance(1_000);
      return bus.checks > 0;
    });
    clock.advance(5_000);
    await eventually("it is lost", async () => (await app.health()).problem, "BUS_UNAVAILABLE");
    await subscribing(bus, clock, 2);
    bus.fault = undefined;
    await eventually("it hears again", async () => {
      clock.advance(1_000);
      return (await app.health()).state === "ready";
    });
  });

  it("stops while the broker does not reply", async () => {
    const { bus, clock, app } = await stage();
    bus.fault = "silent";
    bus.lose(gone());
    await subscribing(bus, clock, 2);
    const stopped = app.stop();
    await eventually("it has stopped", async () => {
      clock.advance(1_000);
      return (await app.health()).state === "stopped";
    });
    await stopped;
  });

  it("a closed in-process bus is no longer ready", async () => {
    const bus = memoryBus(["shop"]);
    const shop = service("shop").on(placed, { handle() {} });
    await using app = stopping(await start(shop, { store: memoryStore(), bus, logger: silent }));
    await bus.close();
    expect(await app.health()).toMatchObject({ state: "degraded", problem: "BUS_CLOSED" });
  });
});

describe("a bus that takes no events", () => {
  it("makes the service degraded until it replies", async () => {
    const bus = new FragileBus();
    const clock = new ManualClock();
    const { lines, logger } = recorder();
    const order = service("order").begins(placed);
    const settings = { store: memoryStore(), bus, environment: clock, logger };
    await using app = stopping(await start(order, settings));
    bus.publish = async () => {
      throw gone();
    };
    await app.begin("s", () => placed({ orderId: "s" }));
    await eventually("it fails", async () => (await app.health()).problem, "BUS_UNAVAILABLE");
    bus.publish = async (events: readonly unknown[]) => events.map(() => ACCEPTED);
    await eventually("it works", async () => {
      clock.advance(1_000);
      return (await app.health()).state === "ready";
    });
    expect(lines).toEqual([
      "warn: the bus cannot be used; events stay in the outbox and are published again",
      "info: the bus takes events again",
    ]);
  });
});
