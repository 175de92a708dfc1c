import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  headers,
  InvalidArgumentError,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { publishResults } from "../../adapter/publish-results.ts";
import { NATS } from "../../cloudevents/binding.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
import { checkMessageLimit } from "../../cloudevents/message-limit.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busForbidden, busUnavailable, eventTooLarge } from "../../ports/errors.ts";
import { Member } from "./member.ts";
import { type NatsOptions, type NatsSettings, placeOf, settingsOf, subjectOf } from "./options.ts";
import { ensureConsumer, ensureStream } from "./topology.ts";

interface Link {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** Most events that are published and not yet acknowledged. */
const WINDOW = 500;
const CONNECT_TIMEOUT_MS = 5_000;
/** Error code of JetStream: the stream's `max_msg_size`. */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;

/**
 * A bus over NATS JetStream. One stream keeps all events; a service has one durable pull consumer
 * for each type it hears. Nothing depends on the stream's deduplication by message id.
 */
export class NatsBus implements Bus {
  readonly guarantees: BusGuarantees;
  readonly #settings: NatsSettings;
  readonly #place: string;
  readonly #link: LazyConnection<Link>;

  constructor(options: NatsOptions) {
    this.#settings = settingsOf(options);
    this.guarantees = { order: "none", durable: true, retentionMs: this.#settings.maxAgeMs };
    const place = placeOf(this.#settings);
    this.#place = place;
    this.#link = connectOnce({
      place,
      open: () => this.#connect(),
      close: ({ connection }) => connection.close(),
      explain: (error) => explain(error, place),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#link.use(async ({ client }) => {
      const sent: PromiseSettledResult<void>[] = [];
      for (let from = 0; from < events.length; from += WINDOW) {
        const some = events.slice(from, from + WINDOW);
        const settled = await Promise.allSettled(some.map((event) => this.#send(client, event)));
        for (const one of settled) sent.push(one);
      }
      return publishResults(sent, (error) => explain(error, this.#place));
    });
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    return this.#link.use(async ({ client, manager }) => {
      for (const type of options.topics)
        await ensureConsumer(manager, this.#settings, options.group, type);
      return new Member(this.#settings, options, deliver).join(client);
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  async #send(client: JetStreamClient, event: EventEnvelope): Promise<void> {
    const subject = subjectOf(this.#settings, checkAttribute("type", event.type));
    const { headers: attributes, body } = encodeMessage(NATS, event);
    const head = headers();
    for (const [name, value] of attributes) head.append(name, value);
    await client.publish(subject, body, {
      headers: head,
      // Versions of one event have the same source and id.
      msgID: `${attributes.get("ce-source")} ${attributes.get("ce-id")} ${event.type}`,
    });
  }

  async #connect(): Promise<Link> {
    const { servers, connection: options } = this.#settings;
    const connection = await connect({
      name: "odori",
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      // The client otherwise creates an error for each request in advance: 12 % of the CPU time.
      noAsyncTraces: true,
      ...options,
      servers,
    });
    try {
      const { max_payload = Number.POSITIVE_INFINITY } = connection.info ?? {};
      checkMessageLimit("max_payload of the server", max_payload);
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await ensureStream(manager, this.#settings);
      return { connection, manager, client: jetstream(connection) };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }
}

function explain(error: unknown, place: string): OdoriError {
  if (error instanceof OdoriError) return error;
  if (isTooLarge(error)) return eventTooLarge(place, error);
  const forbidden =
    error instanceof PermissionViolationError ||
    (error instanceof Error && error.cause instanceof PermissionViolationError);
  return forbidden ? busForbidden(place, error) : busUnavailable(place, error);
}

/** The client refuses a message above `max_payload`; the server one above the stream's limit. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === MESSAGE_EXCEEDS_MAXIMUM;
  return error instanceof InvalidArgumentError && error.message.includes("max_payload");
}

/**
 * A bus over NATS JetStream: durable, without order. It connects with the first use, and creates
 * the stream and the consumers that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid name. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { nats } from "odori/nats";
 * import { sqlite } from "odori/sqlite";
 * import { payment } from "./services.ts";
 *
 * const bus = nats({ servers: "nats://localhost:4222" });
 * const app = await start(payment, { store: sqlite("payment.db"), bus });
 * ```
 */
export function nats(options: NatsOptions): NatsBus {
  return new NatsBus(options);
}
