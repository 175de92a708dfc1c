import assert from "node:assert/strict";
import { type Bus, type EventEnvelope, type SubscribeOptions, service, start } from "odori";
import { busUnavailable } from "odori/adapter";
import type { Runner } from "odori/conformance";
import { memoryBus, memoryStore } from "odori/memory";
import { placed } from "../support/contracts.ts";
import { eventually } from "../support/eventually.ts";
import { closing, stopping } from "../support/scope.ts";
import { envelope, silent } from "../support/stage.ts";

const LIMIT_MS = 3_000;
const away = () => busUnavailable("the test", new Error("it is away"));

/** The in-process bus, whose broker a test takes away. */
function frail(inner: Bus) {
  const broker = { lose: (_: ReturnType<typeof away>) => {}, away: false };
  const bus: Bus = {
    guarantees: inner.guarantees,
    async publish(events: readonly EventEnvelope[]) {
      if (broker.away) throw away();
      return inner.publish(events);
    },
    async subscribe(options: SubscribeOptions, deliver) {
      const { close } = await inner.subscribe(options, deliver);
      broker.lose = options.onLost ?? broker.lose;
      const check = async () => {
        if (broker.away) throw away();
      };
      return { close, check };
    },
    close: () => inner.close(),
  };
  return { broker, bus };
}

/** What the runtime promises of a bus that fails, for the whole runtime and the broken ones. */
export function hearingScenarios({ describe, it }: Runner): void {
  describe("a bus that fails", () => {
    it("a lost subscription is made again", async () => {
      await using inner = closing(memoryBus(["shop"]));
      const { broker, bus } = frail(inner);
      let heard = 0;
      const shop = service("shop").on(placed, { handle: () => void heard++ });
      await using _ = stopping(await start(shop, { store: memoryStore(), bus, logger: silent }));
      broker.lose(away());
      const published = async () => {
        const event = envelope(placed, "s", { orderId: "s" }, { id: "1" });
        return (await bus.publish([event])).every(({ accepted }) => accepted);
      };
      await eventually("it is accepted again", published, true, LIMIT_MS);
      assert.equal(heard, 1);
    });

    it("health asks the broker", async () => {
      await using inner = closing(memoryBus(["shop"]));
      const { broker, bus } = frail(inner);
      const shop = service("shop").on(placed, { handle() {} });
      await using app = stopping(await start(shop, { store: memoryStore(), bus, logger: silent }));
      broker.away = true;
      const state = async () => (await app.health()).state;
      // Before the runtime asks by itself.
      await eventually("it is not ready", state, "degraded", LIMIT_MS);
    });

    it("a service whose events the bus does not take is not ready", async () => {
      await using inner = closing(memoryBus(["order"]));
      const { broker, bus } = frail(inner);
      // A subscription that notices nothing.
      const deaf: Bus = {
        guarantees: bus.guarantees,
        publish: (events) => bus.publish(events),
        subscribe: (options, deliver) => inner.subscribe(options, deliver),
        close: () => bus.close(),
      };
      const order = service("order").begins(placed);
      const settings = { store: memoryStore(), bus: deaf, logger: silent, drainMs: 50 };
      await using app = stopping(await start(order, settings));
      broker.away = true;
      await app.begin("s", () => placed({ orderId: "s" }));
      const state = async () => (await app.health()).state;
      await eventually("it is not ready", state, "degraded", LIMIT_MS);
    });
  });
}
