import type { EventEnvelope } from "../contract/envelope.ts";
import type { Bus, Deliver, SubscribeOptions, Subscription } from "../ports/bus.ts";
import type { Environment } from "../ports/environment.ts";
import type { DevFaults } from "./faults.ts";
import type { KeptEvents } from "./kept-events.ts";

/**
 * A bus on whose edges faults strike: between the event and the service that hears it. What is
 * published is kept.
 */
export class DevBus implements Bus {
  readonly guarantees: Bus["guarantees"];
  readonly #bus: Bus;
  readonly #faults: DevFaults;
  readonly #environment: Environment;
  readonly #kept: KeptEvents;

  constructor(bus: Bus, faults: DevFaults, kept: KeptEvents, environment: Environment) {
    this.#bus = bus;
    this.#faults = faults;
    this.#environment = environment;
    this.#kept = kept;
    this.guarantees = bus.guarantees;
  }

  publish(events: readonly EventEnvelope[]): ReturnType<Bus["publish"]> {
    this.#kept.put(events);
    return this.#bus.publish(events);
  }

  close(): Promise<void> {
    return this.#bus.close();
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const { group } = options;
    return this.#bus.subscribe(options, async (incoming) => {
      const type = "malformed" in incoming ? incoming.topic : incoming.type;
      await this.#faults.held(group, type);
      const { delayMs, twice } = this.#faults.onTheWay(group, type);
      if (delayMs > 0)
        await new Promise<void>((resolve) => this.#environment.timer(delayMs, resolve));
      await deliver(incoming);
      if (twice) await deliver(incoming);
    });
  }
}
