import { decodeJson } from "../../cloudevents/json.ts";
import { malformedMessage } from "../../cloudevents/message.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { checkAttribute } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import {
  type Bus,
  type BusGuarantees,
  checkAccepted,
  type Deliver,
  type Incoming,
  type PublishResult,
  type SubscribeOptions,
  type Subscription,
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

/** The groups that hear a type; none if it is refused. */
interface Audience {
  readonly groups: readonly Group[];
  readonly error: unknown;
}

const NO_AUDIENCE: Audience = { groups: [], error: undefined };

/**
 * The in-process bus: no broker, no copies, no serialization. `publish` resolves once each group
 * that hears the events has acknowledged them. An outbox row is therefore deleted only after the
 * next service has committed, and after a crash the relay publishes the rest again.
 *
 * It knows all groups from the beginning. While a group that may hear a type has no member,
 * `publish` refuses its events with `GROUP_AWAY`, and they stay in the outbox.
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

  async publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    this.#checkOpen();
    // The events of one commit usually have one type: look up its groups once.
    const known = new Map<string, Audience>();
    let deliveries = 0;
    for (const { type } of events)
      deliveries += (known.get(type) ?? this.#audienceOf(type, known)).groups.length;
    const publication = new Publication(events.length, deliveries);
    let index = 0;
    for (const event of events) {
      const { groups, error } = known.get(event.type) ?? NO_AUDIENCE;
      if (error !== undefined) publication.refuse(index, error);
      for (const group of groups) group.deliver(event, publication, index);
      index++;
    }
    publication.complete();
    return publication.answered;
  }

  /** Delivers bytes from outside, in the JSON event format, as a bus over a network does. */
  async inject(topic: string, bytes: Uint8Array | string): Promise<void> {
    this.#checkOpen();
    const incoming = this.#read(topic, bytes);
    const hearers = [...this.#groups.values()].filter((group) => group.hears(topic));
    const publication = new Publication(1, hearers.length);
    for (const group of hearers) group.deliver(incoming, publication, 0);
    publication.complete();
    checkAccepted(await publication.answered);
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
    if (this.#closed) return;
    this.#closed = true;
    for (const group of this.#groups.values())
      group.end(new OdoriError("BUS_CLOSED", "The in-process bus was closed."));
  }

  #audienceOf(type: string, known: Map<string, Audience>): Audience {
    const audience = this.#findAudience(type);
    known.set(type, audience);
    return audience;
  }

  /** The groups that hear a type, or why it cannot be published: `GROUP_AWAY`. */
  #findAudience(type: string): Audience {
    try {
      checkAttribute("type", type);
    } catch (error) {
      return { groups: [], error };
    }
    const groups = [...this.#groups.values()];
    const away = groups.find((group) => group.misses(type));
    if (away === undefined)
      return { groups: groups.filter((group) => group.hears(type)), error: undefined };
    const error = new OdoriError(
      "GROUP_AWAY",
      `No member of the group ${away.name} is subscribed.`,
      {
        hint: "The event stays in the outbox, and is published again once the group has a member.",
      },
    );
    return { groups: [], error };
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
 * `subscribe` rejects with `GROUP_UNKNOWN` for any other service. `publish` refuses
 * an event with `GROUP_AWAY` while a service that may hear it has not started, and rejects with
 * `BUS_CLOSED`.
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
