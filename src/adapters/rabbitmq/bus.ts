import { AMQPError, Connection, type Publisher } from "rabbitmq-client";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { AMQP } from "../../cloudevents/binding.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { codeOf, OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busForbidden, busUnavailable } from "../../ports/errors.ts";
import { Member } from "./member.ts";
import { placeOf, type RabbitOptions, type RabbitSettings, settingsOf } from "./options.ts";
import { ensureExchange } from "./topology.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = { low: 100, high: 2_000 } as const;

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
  #publisher: Publisher | undefined;
  #sent = 0;

  constructor(options: RabbitOptions) {
    this.#settings = settingsOf(options);
    const place = placeOf(this.#settings);
    this.#connection = connectOnce({
      place,
      open: () => this.#connect(),
      // A clean close would wait for messages in flight. Closed subscriptions have none; the others
      // get theirs again.
      close: async (connection) => connection.unsafeDestroy(),
      explain: (error) => explain(error, place),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<void> {
    return this.#connection.use(async (connection) => {
      this.#publisher ??= this.#openPublisher(connection);
      const publisher = this.#publisher;
      const sent = await Promise.allSettled(events.map((event) => this.#send(publisher, event)));
      // The broker returns a message before it confirms it. The client reports the return in the
      // next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      const answered = sent.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const [returned] = answered.filter(({ id }) => this.#returned.delete(id));
      const failure = sent.find((one) => one.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      if (returned !== undefined) throw unroutable(returned.type, this.#settings.exchange);
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
  return error instanceof AMQPError && codeOf(error) === "ACCESS_REFUSED"
    ? busForbidden(place, error)
    : busUnavailable(place, error);
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
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`; `publish` also with
 * `UNROUTABLE` for a type that no service hears.
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
