import assert from "node:assert/strict";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { Bus, Subscription } from "../ports/bus.ts";
import { eventually, type Runner } from "./runner.ts";
import { sampleEvent } from "./samples.ts";

/** A bus over a broker to which something happens. */
export interface FaultyBus {
  readonly bus: Bus;
  /** Makes it happen; the bus must hear again by itself, if `repair` is absent. */
  inflict(): Promise<void>;
  /** Ends a fault that lasts. Called once the bus has said that it is lost. */
  repair?(): Promise<void>;
  /** Closes every connection, and deletes what the test left on the broker. */
  close(): Promise<void>;
}

/** Makes the bus of one test of a fault. The test subscribes the group `a`. */
export type MakeFaulty = () => Promise<FaultyBus>;

/** A fault must be noticed within this time, in milliseconds, and be healed within it. */
const LIMIT_MS = 30_000;
const TOPIC = "order.placed.v1";

/**
 * Registers a test for each fault. A member that gets no more messages says so, by `onLost` or by
 * `check`. Once the fault is over, subscribing again restores what the group needs.
 */
export function busFaults(
  { describe, it }: Runner,
  faults: Readonly<Record<string, MakeFaulty>>,
  name: string,
): void {
  describe(`bus ${name}: faults`, () => {
    for (const [what, make] of Object.entries(faults)) {
      it(`${what}: it is said, and subscribing again heals it`, async () => {
        const faulty = await make();
        const listener = new Listener(faulty.bus);
        try {
          await listener.hears("before");
          await faulty.inflict();
          if (faulty.repair !== undefined) {
            await eventually("the member is lost", () => listener.isDeaf(), LIMIT_MS);
            await faulty.repair();
          }
          await listener.hears("after");
        } finally {
          await listener.close();
          await faulty.close();
        }
      });
    }
  });
}

/** Stays subscribed as the runtime does, only without pauses. */
class Listener {
  readonly #bus: Bus;
  readonly #seen = new Set<string>();
  #subscription: Subscription | undefined;
  #published = 0;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /**
   * Publishes until one event arrives. An event that the bus accepts while the member claims to
   * hear arrives within the limit.
   */
  async hears(what: string): Promise<void> {
    const accepted = async () => {
      const id = `${what} ${this.#published++}`;
      if (await this.isDeaf()) return false;
      if (!(await this.#isAccepted(sampleEvent(id)))) return false;
      const heard = () => this.#seen.has(id);
      await eventually("it arrives, or the member is lost", async () => {
        return heard() || (await this.isDeaf());
      });
      return heard();
    };
    await eventually(`an event published ${what} it is heard`, accepted, 2 * LIMIT_MS);
  }

  /** Whether it gets no messages; then it subscribes again with the next call. */
  async isDeaf(): Promise<boolean> {
    try {
      if (this.#subscription === undefined) await this.#subscribe();
      else await this.#subscription.check?.();
    } catch {
      this.#leave();
    }
    return this.#subscription === undefined;
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  async #subscribe(): Promise<void> {
    let lost = false;
    const onLost = () => {
      assert.equal(lost, false, "onLost is called once");
      lost = true;
      if (this.#subscription === subscription) this.#leave();
    };
    const options = { group: "a", topics: [TOPIC], inFlightMax: 10, onLost };
    const subscription: Subscription = await this.#bus.subscribe(options, async (incoming) => {
      if (!("malformed" in incoming)) this.#seen.add(incoming.id);
    });
    this.#subscription = subscription;
    if (lost) this.#leave();
  }

  /** What is in flight goes on; a lost subscription may not even end. */
  #leave(): void {
    this.#subscription?.close().catch(() => {});
    this.#subscription = undefined;
  }

  async #isAccepted(event: EventEnvelope): Promise<boolean> {
    try {
      return (await this.#bus.publish([event])).every(({ accepted }) => accepted);
    } catch {
      return false;
    }
  }
}
