import { decodeJson } from "../../cloudevents/json.ts";
import { malformedMessage } from "../../cloudevents/message.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { checkAttribute } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  Incoming,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { type Environment, systemEnvironment } from "../../ports/environment.ts";
import { Group } from "./group.ts";
import { Publication } from "./publication.ts";

/** Options of `memoryBus`. */
export interface MemoryBusOptions {
  /**
   * Clock and timers.
   *
   * @default systemEnvironment
   */
  readonly environment?: Environment;
}

/**
 * The in-process bus: no broker, no copies, no serialization. `publish` resolves once each group
 * that hears the event has acknowledged it. An outbox row is therefore deleted only after the next
 * service has committed, and after a crash the relay publishes the rest again.
 *
 * It knows all groups from the beginning. While a group that may hear a type has no member,
 * `publish` rejects with `GROUP_AWAY`, and the event stays in the outbox.
 */
export class MemoryBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: false };
  readonly #environment: Environment;
  readonly #groups = new Map<string, Group>();
  #closed = false;

  constructor(groups: readonly string[], options: MemoryBusOptions = {}) {
    this.#environment = options.environment ?? systemEnvironment;
    for (const name of groups) this.#groups.set(name, new Group(name, this.#environment));
  }

  async publish(events: readonly EventEnvelope[]): Promise<void> {
    this.#checkOpen();
    // The events of one commit usually have one type: look up its groups once.
    const hearers = new Map<string, readonly Group[]>();
    let deliveries = 0;
    for (const { type } of events)
      deliveries += (hearers.get(type) ?? this.#hearersOf(type, hearers)).length;
    const publication = new Publication(deliveries);
    for (const event of events)
      for (const group of hearers.get(event.type) ?? []) group.deliver(event, publication);
    await publication.answered;
  }

  /** Delivers bytes from outside, in the JSON event format, as a bus over a network does. */
  async inject(topic: string, bytes: Uint8Array | string): Promise<void> {
    this.#checkOpen();
    const incoming = this.#read(topic, bytes);
    const hearers = [...this.#groups.values()].filter((group) => group.hears(topic));
    const publication = new Publication(hearers.length);
    for (const group of hearers) group.deliver(incoming, publication);
    await publication.answered;
  }

  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    this.#checkOpen();
    const group = this.#groups.get(options.group);
    if (group === undefined) {
      const all = [...this.#groups.keys(), options.group].map((name) => `"${name}"`);
      throw new OdoriError(
        "GROUP_UNKNOWN",
        `The in-process bus does not know the group ${options.group}.`,
        { hint: `Name every service when you create the bus: memoryBus([${all.join(", ")}]).` },
      );
    }
    return group.join(options, deliver);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const group of this.#groups.values())
      group.abandon(new OdoriError("BUS_CLOSED", "The in-process bus was closed."));
  }

  /** Returns the groups that hear a type; throws `GROUP_AWAY` if one may and has no member. */
  #hearersOf(type: string, known: Map<string, readonly Group[]>): readonly Group[] {
    checkAttribute("type", type);
    const groups = [...this.#groups.values()];
    const away = groups.find((group) => group.misses(type));
    if (away !== undefined) {
      throw new OdoriError("GROUP_AWAY", `No member of the group ${away.name} is subscribed.`, {
        hint: "The event stays in the outbox, and is published again once the group has a member.",
      });
    }
    const hearers = groups.filter((group) => group.hears(type));
    known.set(type, hearers);
    return hearers;
  }

  #read(topic: string, bytes: Uint8Array | string): Incoming {
    try {
      return decodeJson(bytes, { now: this.#environment.now() });
    } catch (error) {
      if (!(error instanceof OdoriError)) throw error;
      return malformedMessage(topic, bytes, error);
    }
  }

  #checkOpen(): void {
    if (this.#closed)
      throw new OdoriError("BUS_CLOSED", "The in-process bus is closed.", {
        hint: "Stop the services before the bus.",
      });
  }
}

/**
 * An in-process bus for these services, given as services or by name.
 *
 * `subscribe` rejects with `GROUP_UNKNOWN` for any other service. `publish` rejects with
 * `GROUP_AWAY` while a service that may hear the event has not started, and with `BUS_CLOSED`.
 *
 * @example
 * ```ts
 * import { memoryBus } from "odori/memory";
 * import { order, payment } from "./services.ts";
 *
 * const bus = memoryBus([order, payment]);
 * ```
 */
export function memoryBus(
  services: readonly (string | { readonly name: string })[],
  options?: MemoryBusOptions,
): MemoryBus {
  return new MemoryBus(
    services.map((service) => (typeof service === "string" ? service : service.name)),
    options,
  );
}
