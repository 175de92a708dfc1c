import type { EventEnvelope } from "../contract/envelope.ts";
import type { OdoriError } from "../contract/errors.ts";

/**
 * Moves events between services, at least once. The topic is the event's type; the key is its
 * `sagaId`. A bus retries nothing but its own connection: retry delays and parking belong to the
 * runtime.
 */
export interface Bus {
  readonly guarantees: BusGuarantees;
  /** Where the broker is, without credentials: for people. Absent if it has no place. */
  readonly place?: string;
  /**
   * Resolves to one result for each event, in the order of `events`. Accepted: the broker has
   * acknowledged it, so each group subscribed to its type will get it. Refused: it may have reached
   * some groups; the caller publishes it again, and nothing else. Rejects only if nothing is known
   * of any event, such as without a connection (`BUS_UNAVAILABLE`, `BUS_CLOSED`).
   */
  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]>;
  /**
   * Resolves once the bus knows the group, so that the group gets every later event. Creates what
   * the group needs on the broker and does not find there.
   */
  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription>;
  /**
   * Closes the connections. A pending `publish` rejects with `BUS_CLOSED`, or refuses with it the
   * events that are not acknowledged.
   */
  close(): Promise<void>;
}

/** What the broker says about one event. */
export type PublishResult =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly error: OdoriError };

/** The result of each acknowledged event: one object for all of them. */
export const ACCEPTED: PublishResult = { accepted: true };

/**
 * Throws the error of the first refused event, for callers that need all of them accepted.
 *
 * @example
 * ```ts
 * import { type Bus, checkAccepted, type EventEnvelope } from "odori/adapter";
 *
 * async function publishAll(bus: Bus, events: readonly EventEnvelope[]): Promise<void> {
 *   checkAccepted(await bus.publish(events));
 * }
 * ```
 */
export function checkAccepted(results: readonly PublishResult[]): void {
  for (const result of results) if (!result.accepted) throw result.error;
}

/** What a bus promises beyond delivery at least once. The conformance suite proves it. */
export interface BusGuarantees {
  /**
   * `"key"`: a group gets the events of one saga and type in the order of publishing, unless one is
   * redelivered.
   */
  readonly order: "key" | "none";
  /** Whether a published message survives the death of every process. */
  readonly durable: boolean;
  /**
   * How long the bus may redeliver a message, in milliseconds; absent if the bus sets no limit. The
   * runtime keeps inbox rows for longer.
   */
  readonly retentionMs?: number;
}

/** A member's subscription. */
export interface SubscribeOptions {
  /** Every group gets each message; the members of a group compete. The runtime: one a service. */
  readonly group: string;
  /** Event types, without repetition. Empty for a service that only begins sagas. */
  readonly topics: readonly string[];
  /** At most this many deliveries to this member are unsettled at any time. */
  readonly inFlightMax: number;
  /**
   * Called once when the member can get no more messages, unless it was closed before: its
   * connection, queue, consumer, stream or topic is gone. The adapter does not heal it. The caller
   * closes the subscription and subscribes again; the runtime does so with growing pauses.
   */
  readonly onLost?: (error: OdoriError) => void;
}

/** Handles one message. Resolving acknowledges it; rejecting asks for redelivery. */
export type Deliver = (incoming: Incoming) => Promise<void>;

/** What a bus delivers: an event, or bytes that are not one. */
export type Incoming = EventEnvelope | MalformedMessage;

/**
 * A message that is not a valid event, or whose payload cannot be read. The bus delivers it, since
 * only the runtime may park it.
 */
export interface MalformedMessage {
  readonly malformed: true;
  readonly topic: string;
  /**
   * Why it could not be read: `MESSAGE_MALFORMED`, `MESSAGE_TOO_LARGE`, `NUMBER_INEXACT` or
   * `PAYLOAD_REFUSED`.
   */
  readonly error: OdoriError;
  /**
   * The message as text. One in binary mode is turned into structured mode, with its attributes and
   * its payload verbatim. Of a message that is too large, the first 4,096 characters.
   */
  readonly raw: string;
  /**
   * Identifies a message without readable attributes, the same for a redelivery.
   *
   * @default a hash of `raw`
   */
  readonly id?: string;
  /** Its attributes, if they are all usable, and its type is the topic. */
  readonly head?: Omit<EventEnvelope, "data"> | undefined;
}

/** A longer backlog need not be counted further. */
export const BACKLOG_COUNTED = 10_000;

/** A member of a group, until it leaves. */
export interface Subscription {
  /**
   * Asks the broker whether the member still gets messages, and restores what the group needs there
   * if that is possible in place. Rejects if the member gets none, or the broker does not reply.
   * The caller then closes the subscription and subscribes again. Absent if `onLost` says all.
   */
  check?(): Promise<void>;
  /**
   * How many deliveries are left for the group: those that wait on the broker, and those that a
   * member has and has not acknowledged. Of members in other processes only as far as the broker
   * tells; each process asks for itself. Events that travel as one message may count once, and the
   * count may stop at `BACKLOG_COUNTED`: 0 is exact. Absent if the bus cannot tell.
   */
  backlog?(): Promise<number>;
  /**
   * How many deliveries this member has freed, since it joined, of members that it or another one
   * has found dead: they may run a second time. Absent if the broker finds that out by itself.
   */
  redelivered?(): number;
  /**
   * Takes no new messages, waits for the deliveries in flight, and leaves the group. Messages that
   * were not acknowledged are delivered again, to this group's next member.
   */
  close(): Promise<void>;
}
