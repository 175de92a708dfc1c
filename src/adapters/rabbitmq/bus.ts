import { AMQPError, Connection, type Publisher } from "rabbitmq-client";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { Mutex } from "../../adapter/mutex.ts";
import { publishResults } from "../../adapter/publish-results.ts";
import { AMQP } from "../../cloudevents/binding.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { codeOf, OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busForbidden, busRefused, busUnavailable, eventTooLarge } from "../../ports/errors.ts";
import { Member } from "./member.ts";
import { placeOf, type RabbitOptions, type RabbitSettings, settingsOf } from "./options.ts";
import { ensureExchange } from "./topology.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = { low: 100, high: 2_000 } as const;

/** Errors of a channel, which stand for every message that is under way on it. */
const CHANNEL_CLOSED: readonly string[] = [
  "ACCESS_REFUSED",
  "CH_CLOSE",
  "NOT_FOUND",
  "PRECONDITION_FAILED",
];

/** A message that the broker has confirmed. */
interface Sent {
  /** Identifies it when the broker returns it, also if one event is published twice at once. */
  readonly id: string;
  readonly type: string;
}

/**
 * A bus over RabbitMQ: one topic exchange for all events; for each service, one quorum queue for
 * each type it hears. Messages are persistent, confirmed and mandatory. The broker also confirms a
 * message that reaches no queue, so a returned message counts as refused.
 */
export class RabbitBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #settings: RabbitSettings;
  readonly #returned = new Set<string>();
  readonly #connection: LazyConnection<Connection>;
  readonly #place: string;
  #publisher: Publisher | undefined;
  readonly #alone = new Mutex();
  #alonePublisher: Publisher | undefined;
  #sent = 0;

  constructor(options: RabbitOptions) {
    this.#settings = settingsOf(options);
    const place = placeOf(this.#settings);
    this.#place = place;
    this.#connection = connectOnce({
      place,
      open: () => this.#connect(),
      // A clean close would wait for messages in flight. Closed subscriptions have none; the others
      // get theirs again.
      close: async (connection) => connection.unsafeDestroy(),
      explain: (error) => explain(error, place),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#connection.use(async (connection) => {
      this.#publisher ??= this.#openPublisher(connection);
      const publisher = this.#publisher;
      const sent = await Promise.allSettled(events.map((event) => this.#send(publisher, event)));
      await returned();
      const settled = events.map((event, i) => {
        const one = sent[i];
        return one === undefined || isChannelClosed(one) ? this.#sendAlone(connection, event) : one;
      });
      const answers = (await Promise.all(settled)).map((one) => this.#unlessReturned(one));
      return publishResults(answers, (error) => explain(error, this.#place));
    });
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    return this.#connection.use((connection) =>
      new Member(this.#settings, options, deliver).join(connection),
    );
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /**
   * The broker closes a channel because of one message, and says nothing of the others. On a
   * channel with one message at a time, the reply is about that message.
   */
  #sendAlone(connection: Connection, event: EventEnvelope): Promise<PromiseSettledResult<Sent>> {
    return this.#alone.run(async () => {
      this.#alonePublisher ??= this.#openPublisher(connection);
      const [one] = await Promise.allSettled([this.#send(this.#alonePublisher, event)]);
      await returned();
      return one;
    });
  }

  #unlessReturned(one: PromiseSettledResult<Sent>): PromiseSettledResult<Sent> {
    if (one.status === "rejected" || !this.#returned.delete(one.value.id)) return one;
    return { status: "rejected", reason: unroutable(one.value.type, this.#settings.exchange) };
  }

  #openPublisher(connection: Connection): Publisher {
    const publisher = connection.createPublisher({ confirm: true, maxAttempts: 1 });
    publisher.on("basic.return", ({ correlationId }) => {
      if (correlationId !== undefined) this.#returned.add(correlationId);
    });
    return publisher;
  }

  async #send(publisher: Publisher, event: EventEnvelope): Promise<Sent> {
    const type = checkAttribute("type", event.type);
    const { exchange, unheard } = this.#settings;
    const { headers, body } = encodeMessage(AMQP, event);
    const correlationId = `${++this.#sent}`;
    const { [AMQP.contentType]: contentType, ...attributes } = Object.fromEntries(headers);
    const envelope = {
      exchange,
      routingKey: type,
      durable: true,
      mandatory: !unheard.has(type),
      // Versions of one event have the same id.
      messageId: `${event.id} ${event.type}`,
      correlationId,
      // Without an encoding, the receiving client would parse the payload.
      contentEncoding: "utf-8",
      ...(contentType === undefined ? {} : { contentType }),
      headers: attributes,
    };
    await publisher.send(envelope, Buffer.from(body));
    return { id: correlationId, type };
  }

  async #connect(): Promise<Connection> {
    const { url, hosts, tls, heartbeatSeconds } = this.#settings;
    const connection = new Connection({
      url,
      ...(hosts === undefined ? {} : { hosts: [...hosts] }),
      ...(tls === undefined ? {} : { tls }),
      heartbeat: heartbeatSeconds,
      connectionName: "odori",
      acquireTimeout: CONNECT_TIMEOUT_MS,
      connectionTimeout: CONNECT_TIMEOUT_MS,
      retryLow: RETRY_MS.low,
      retryHigh: RETRY_MS.high,
    });
    let last: unknown;
    // The client reconnects by itself; an `error` event without a listener would end the process.
    connection.on("error", (error: unknown) => (last = error));
    try {
      await connection.onConnect(CONNECT_TIMEOUT_MS, true);
      await ensureExchange(connection, this.#settings);
      return connection;
    } catch (error) {
      connection.unsafeDestroy();
      throw last ?? error;
    }
  }
}

function explain(error: unknown, place: string): OdoriError {
  if (error instanceof OdoriError) return error;
  if (!(error instanceof AMQPError)) return busUnavailable(place, error);
  if (codeOf(error) === "ACCESS_REFUSED") return busForbidden(place, error);
  if (codeOf(error) === "NACK") return busRefused(place, error);
  const tooLarge = codeOf(error) === "PRECONDITION_FAILED" && error.message.includes("size");
  return tooLarge ? eventTooLarge(place, error) : busUnavailable(place, error);
}

/**
 * The broker returns a message before it confirms it. The client reports the return in the next
 * turn of the event loop.
 */
function returned(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Whether the channel was closed while the message was under way, perhaps because of another. */
function isChannelClosed(one: PromiseSettledResult<Sent>): boolean {
  return one.status === "rejected" && CHANNEL_CLOSED.includes(codeOf(one.reason));
}

function unroutable(type: string, exchange: string): OdoriError {
  return new OdoriError("UNROUTABLE", `No service hears ${type} on the exchange ${exchange}.`, {
    hint: "Start the service that hears it once, or name the type in `unheard`.",
  });
}

/**
 * A bus over RabbitMQ: durable, without order. It connects with the first use, and declares the
 * exchange and the queues that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid url or exchange. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`; `publish` refuses an event
 * with `UNROUTABLE` if no service hears its type. The broker's maximum message size cannot be asked
 * for: leave it above 72 KiB (RabbitMQ 4: 16 MiB).
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { rabbitmq } from "odori/rabbitmq";
 * import { sqlite } from "odori/sqlite";
 * import { orderCancelled } from "./contracts.ts";
 * import { payment } from "./services.ts";
 *
 * const bus = rabbitmq({ url: "amqp://localhost", unheard: [orderCancelled.type] });
 * const app = await start(payment, { store: sqlite("payment.db"), bus });
 * ```
 */
export function rabbitmq(options: RabbitOptions): RabbitBus {
  return new RabbitBus(options);
}
