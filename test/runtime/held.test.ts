import { RetryAfter, type Store, service, start } from "odori";
import { checkAccepted } from "odori/adapter";
import { memoryBus } from "odori/memory";
import { describe, expect, it } from "vitest";
import { authorized, placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { type Kit, kits } from "../support/kits.ts";
import { stopping } from "../support/scope.ts";
import { envelope, ManualClock, MovableClock, Stage, silent } from "../support/stage.ts";

const data = { orderId: "o" };

/** A service whose first `failures` attempts fail, each due again after `pauseMs`. */
function failing(kit: Kit, failures: number, pauseMs: number) {
  const attempts: number[] = [];
  const payment = service<unknown>("payment").on(placed, {
    emits: [authorized],
    async handle(event, { tx, attempt }) {
      await kit.effect("payment", tx, "charge");
      if (attempts.push(attempt) <= failures) throw new RetryAfter(pauseMs);
      return authorized(event.data);
    },
  });
  return { attempts, payment };
}

/** A store that gives no deferred delivery to anyone who claims. */
function unclaimable(inner: Store<unknown>): Store<unknown> {
  return Object.assign(Object.create(inner), {
    transaction: inner.transaction.bind(inner),
    open: inner.open.bind(inner),
    census: inner.census.bind(inner),
    close: inner.close.bind(inner),
    claim: (limit: number) => inner.claim(limit, { deferred: 0 }),
  });
}

describe.each(kits)("a delivery that its process keeps in hand, on $name", ({ make }) => {
  it("is tried again without a claim", async () => {
    const kit = make();
    const { attempts, payment } = failing(kit, 1, 1);
    const store = (name: string) => unclaimable(kit.store(name));
    await using stage = await Stage.open({ ...kit, store }, payment);
    await stage.hear(envelope(placed, "s", data));
    await eventually("it succeeds", () => stage.emittedTypes.length, 1);
    expect(attempts).toEqual([1, 2]);
    expect(await stage.effects()).toEqual(["charge"]);
    expect((await stage.app.inspect.counts()).deferred).toEqual({});
  });

  it("is claimed by any process once it has failed again", async () => {
    const kit = make();
    const { attempts, payment } = failing(kit, 2, 1);
    const store = (name: string) => unclaimable(kit.store(name));
    await using stage = await Stage.open({ ...kit, store }, payment);
    await stage.hear(envelope(placed, "s", data));
    const retrying = () => stage.app.inspect.deferred(["retrying"], 10);
    await eventually("it fails twice", async () => (await retrying())[0]?.attempts, 2);
    await using another = stopping(
      await start(payment, {
        store: kit.store("payment"),
        bus: memoryBus(["payment", "audience"]),
        pollMs: 5,
        logger: silent,
      }),
    );
    await eventually("it succeeds", async () => (await another.inspect.counts()).deferred, {});
    expect(attempts).toEqual([1, 2, 3]);
  });

  it("is left to another process when its own has died", async () => {
    const kit = make();
    const { attempts, payment } = failing(kit, 1, 500);
    // As of a dead process, none of its timers runs any more.
    const environment = new ManualClock();
    const options = { bus: memoryBus(["payment"]), logger: silent };
    await using died = stopping(
      await start(payment, { ...options, store: kit.store("payment"), environment }),
    );
    checkAccepted(await options.bus.publish([envelope(placed, "s", data)]));
    const clock = new MovableClock();
    await using stage = await Stage.open(kit, payment, { environment: clock });
    expect(await stage.app.inspect.counts()).toMatchObject({ deferred: { retrying: 1 } });
    clock.advance(60_000);
    await eventually("it succeeds", () => stage.emittedTypes.length, 1);
    expect(attempts).toEqual([1, 2]);
    // What the dead one still has in hand comes too late.
    environment.advance(500);
    await died.stop();
    expect(await stage.effects()).toEqual(["charge"]);
  });
});
