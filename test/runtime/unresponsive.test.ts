import {
  type Bus,
  type Environment,
  type Logger,
  OdoriError,
  type Store,
  service,
  start,
} from "odori";
import { type MemoryTx, memoryBus, memoryStore } from "odori/memory";
import { describe, expect, it } from "vitest";
import { systemEnvironment } from "../../src/ports/environment.ts";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { silent } from "../support/stage.ts";

/** Limits pass a hundred times as fast. */
const hasty: Environment = {
  ...systemEnvironment,
  timer: (delayMs, work) => systemEnvironment.timer(delayMs / 100, work),
};
const never = () => new Promise<never>(() => {});
const broken = () => Promise.reject(new OdoriError("STORE_FULL", "The disk is full."));
/** A bus that takes no subscription. */
const away: Bus = {
  guarantees: { order: "none", durable: false },
  publish: async () => [],
  close: async () => {},
  subscribe: () => Promise.reject(new OdoriError("BUS_UNAVAILABLE", "It is away.")),
};
const order = service<MemoryTx>("order").begins(placed);

/** A store of which some methods do something else, from the moment on when it is told to. */
function changeable() {
  const store = memoryStore();
  const changes: Partial<
    Record<"beat" | "claim" | "purge" | "transaction" | "close", () => Promise<never>>
  > = {};
  const changed: Store<MemoryTx> = new Proxy(store, {
    get(target, name) {
      const change = name in changes ? Reflect.get(changes, name) : undefined;
      const value: unknown = change ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { store: changed, changes, inner: store };
}

function listening() {
  const lines: string[] = [];
  const logger: Logger = {
    ...silent,
    warn: (line) => void lines.push(line),
    error: (line) => void lines.push(line),
  };
  return { lines, logger };
}

describe("a database that fails the relay", () => {
  it("makes the service degraded, and is said once", async () => {
    const { store, changes } = changeable();
    const { lines, logger } = listening();
    const bus = memoryBus(["order"]);
    const app = await start(order, { store, bus, logger, pollMs: 5, environment: hasty });
    changes.claim = broken;
    await eventually("it is seen", async () => (await app.health()).problem, "STORE_FULL");
    expect((await app.health()).state).toBe("degraded");
    delete changes.claim;
    await eventually("it works again", async () => (await app.health()).state, "ready");
    expect(lines).toEqual(["the relay cannot use the database"]);
    await app.stop();
  });

  it("rows that cannot be deleted hold up nothing else", async () => {
    const { store, changes } = changeable();
    const { lines, logger } = listening();
    let claims = 0;
    const { claim } = store;
    changes.purge = broken;
    const counting = new Proxy(store, {
      get: (target, name) =>
        name === "claim"
          ? (...values: Parameters<typeof claim>) => {
              claims++;
              return target.claim(...values);
            }
          : Reflect.get(target, name),
    });
    const app = await start(order, {
      store: counting,
      bus: memoryBus(["order"]),
      logger,
      pollMs: 5,
      environment: hasty,
    });
    await eventually("it is said", () => [...lines], ["old rows cannot be deleted"]);
    const before = claims;
    await eventually("rounds go on", () => claims > before + 5, true);
    expect((await app.health()).state).toBe("ready");
    await app.stop();
  });

  it("the relay goes on while old rows are deleted", async () => {
    const { store, changes } = changeable();
    let claims = 0;
    let purging = false;
    changes.purge = () => {
      purging = true;
      return never();
    };
    const counting = new Proxy(store, {
      get(target, name) {
        if (name === "claim" && purging) claims++;
        return Reflect.get(target, name);
      },
    });
    const app = await start(order, {
      store: counting,
      bus: memoryBus(["order"]),
      logger: silent,
      pollMs: 5,
      environment: hasty,
    });
    await eventually("rounds go on", () => claims > 5, true);
    await app.stop();
  });
});

describe("a process says that it lives", () => {
  it("although the relay waits for the database", async () => {
    const { store, changes } = changeable();
    const beat = store.beat.bind(store);
    let beats = 0;
    store.beat = () => {
      beats++;
      return beat();
    };
    changes.claim = never;
    const app = await startOn(store);
    await eventually("it goes on", () => beats > 5, true);
    await app.stop();
  });

  it("also after it could not", async () => {
    const { store, changes } = changeable();
    let beats = 0;
    changes.beat = () => {
      beats++;
      return broken();
    };
    const app = await startOn(store);
    await eventually("it tries again", () => beats > 5, true);
    await app.stop();
  });
});

/** A service whose lease is short, so that it beats often. */
function startOn(store: ReturnType<typeof changeable>["store"]) {
  const bus = memoryBus(["order"]);
  return start(order, { store, bus, logger: silent, leaseMs: 50, environment: hasty });
}

describe("what never replies", () => {
  for (const what of ["claim", "transaction", "purge", "close"] as const)
    it(`stop comes to its end although ${what} does not`, async () => {
      const { store, changes } = changeable();
      const app = await start(order, {
        store,
        bus: memoryBus(["order"]),
        logger: silent,
        pollMs: 1,
        retentionMs: 10,
        environment: hasty,
      });
      let asked = what === "close";
      changes[what] = () => {
        asked = true;
        return never();
      };
      if (what === "transaction") app.begin("s", () => placed({ orderId: "s" })).catch(() => {});
      await eventually("it is asked", () => asked, true);
      await app.stop();
      expect((await app.health()).state).toBe("stopped");
    });

  it("stop comes to its end although the subscription does not close", async () => {
    const bus = memoryBus(["order"]);
    const open: Bus = {
      guarantees: bus.guarantees,
      publish: (events) => bus.publish(events),
      close: () => bus.close(),
      subscribe: async (options, deliver) => ({
        ...(await bus.subscribe(options, deliver)),
        close: never,
      }),
    };
    const app = await start(order, {
      store: memoryStore(),
      bus: open,
      logger: silent,
      environment: hasty,
    });
    await app.stop();
    expect((await app.health()).state).toBe("stopped");
  });

  it("health says so of the database", async () => {
    const { store, inner } = changeable();
    const app = await start(order, {
      store,
      bus: memoryBus(["order"]),
      logger: silent,
      environment: hasty,
    });
    Object.assign(inner.inspect, { counts: never });
    expect(await app.health()).toMatchObject({ state: "degraded", problem: "STORE_UNAVAILABLE" });
    await app.stop();
  });
});

describe("what fails while a service ends", () => {
  it("a subscription that cannot be closed is said, and the store is closed", async () => {
    const bus = memoryBus(["order"]);
    const failing: Bus = {
      guarantees: bus.guarantees,
      publish: (events) => bus.publish(events),
      close: () => bus.close(),
      subscribe: async (options, deliver) => ({
        ...(await bus.subscribe(options, deliver)),
        close: () => Promise.reject(new Error("the connection is gone")),
      }),
    };
    const { lines, logger } = listening();
    const { store, changes } = changeable();
    let closed = false;
    const app = await start(order, { store, bus: failing, logger, environment: hasty });
    changes.close = async () => {
      closed = true;
      return never();
    };
    await app.stop();
    expect(closed).toBe(true);
    expect(lines).toEqual(["leaving the bus failed"]);
  });

  it("a subscription that cannot be closed ends nothing while another leaves", async () => {
    const bus = memoryBus(["order"]);
    let lose = () => {};
    let subscriptions = 0;
    const twice: Bus = {
      guarantees: bus.guarantees,
      publish: (events) => bus.publish(events),
      close: () => bus.close(),
      async subscribe(options, deliver) {
        const first = subscriptions++ === 0;
        lose = () => options.onLost?.(new OdoriError("BUS_UNAVAILABLE", "It is away."));
        const member = await bus.subscribe(options, deliver);
        await member.close();
        return { close: first ? never : () => Promise.reject(new Error("it is gone")) };
      },
    };
    const app = await start(order, {
      store: memoryStore(),
      bus: twice,
      logger: silent,
      environment: systemEnvironment,
    });
    lose();
    await eventually("it has subscribed again", () => subscriptions, 2);
    // An unhandled rejection would fail the run.
    await app.stop();
  });

  it("start comes to its end although the store does not close", async () => {
    const { store, changes } = changeable();
    changes.close = never;
    const starting = start(order, { store, bus: away, logger: silent, environment: hasty });
    await expect(starting).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });

  it("start says why it failed, not why the store cannot be closed", async () => {
    const { store, changes } = changeable();
    changes.close = () => Promise.reject(new Error("it is not open"));
    const starting = start(order, { store, bus: away, logger: silent, environment: hasty });
    await expect(starting).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  });
});
