import type { EventEnvelope } from "../contract/envelope.ts";
import type { OdoriError } from "../contract/errors.ts";

/**
 * What a bus promises beyond delivery at least once. Declared by the adapter, proved by the
 * conformance suite.
 */
export interface BusGuarantees {
  /**
   * `"key"`: events of one saga reach a group in the order of publishing, unless one is
   * redelivered.
   */
  readonly order: "key" | "none";
  /** Whether a message survives the death of every process, once `publish` has resolved. */
  readonly durable: boolean;
  /**
   * How long a message may still come again, in milliseconds; absent when the bus sets no limit of
   * its own.
   */
  readonly retentionMs?: number;
}

/**
 * Bytes that came over the bus and are no event. They are handed on, since only the runtime may
 * give up on something.
 */
export interface MalformedMessage {
  readonly malformed: true;
  readonly topic: string;
  /** Why it could not be read. */
  readonly error: OdoriError;
  /** What came, as text, cut to a bounded length. */
  readonly raw: string;
}

export type Incoming = EventEnvelope | MalformedMessage;

export interface SubscribeOptions {
  /**
   * Every group gets each message; the members of one group compete for it. The runtime uses the
   * service's name.
   */
  readonly group: string;
  /**
   * Event types, each once; none for a service that only begins sagas, whose group the bus knows
   * all the same.
   */
  readonly topics: readonly string[];
  /**
   * The bus delivers at most so many messages to this member that are neither acknowledged nor
   * rejected.
   */
  readonly inFlightMax: number;
}

/**
 * Resolving acknowledges; rejecting asks for redelivery. There is no third answer: retry delays and
 * parking belong to the runtime.
 */
export type Deliver = (incoming: Incoming) => Promise<void>;

export interface Subscription {
  /**
   * Takes no new messages, waits for the deliveries in flight, and leaves the group. What was not
   * acknowledged comes again.
   */
  close(): Promise<void>;
}

/**
 * Moves events between services, at least once. The topic is the event's type and the key its
 * `sagaId`. An adapter retries nothing but its own connection and decides nothing: everything else
 * is written once, in the runtime.
 */
export interface Bus {
  readonly guarantees: BusGuarantees;
  /**
   * Resolves once the broker has answered for every event: from then on each group that hears its
   * type will get it. Rejects when that is not so for at least one of them; the caller then
   * publishes all of them again.
   */
  publish(events: readonly EventEnvelope[]): Promise<void>;
  /**
   * Resolves once the group is known to the bus, so that nothing published afterwards passes it by.
   */
  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription>;
  /** Lets go of connections. A `publish` that is under way rejects with `BUS_CLOSED`. */
  close(): Promise<void>;
}
