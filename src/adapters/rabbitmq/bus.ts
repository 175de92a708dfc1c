import {
  AMQPError,
  type AsyncMessage,
  Connection,
  type Consumer,
  ConsumerStatus,
  type Publisher,
} from "rabbitmq-client";
import { AMQP } from "../../cloudevents/binding.ts";
import { encodeMessage, readMessage } from "../../cloudevents/message.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { codeOf, OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busClosed, busForbidden, busUnavailable } from "../../ports/errors.ts";
import { redeliveryPauseMs } from "../../ports/redelivery.ts";
import { Semaphore } from "../../ports/semaphore.ts";
import { placeOf, type RabbitOptions, type RabbitSettings, settingsOf } from "./options.ts";
import { ensureExchange, ensureQueue, topologyFor } from "./topology.ts";

type Handle = (message: AsyncMessage, type: string) => Promise<ConsumerStatus>;

const CONNECT_TIMEOUT_MS = 5_000;
const RETRY_MS = { low: 100, high: 2_000 } as const;

/**
 * RabbitMQ: one topic exchange for all events, and for each service one quorum queue of each type
 * that it hears. Messages are persistent, confirmed, and mandatory: what reached no queue is
 * confirmed too, so what comes back counts as refused.
 */
export class RabbitBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #settings: RabbitSettings;
  readonly #place: string;
  readonly #returned = new Set<string>();
  #connection: Promise<Connection> | undefined;
  #publisher: Publisher | undefined;
  #sent = 0;
  #closed = false;

  constructor(options: RabbitOptions) {
    this.#settings = settingsOf(options);
    this.#place = placeOf(this.#settings);
  }

  async publish(events: readonly EventEnvelope[]): Promise<void> {
    try {
      const connection = await this.#connected();
      this.#publisher ??= this.#openPublisher(connection);
      const publisher = this.#publisher;
      const sent = await Promise.allSettled(events.map((event) => this.#send(publisher, event)));
      // The broker sends a message back before it confirms it, and the client tells us in the next
      // turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      const answered = sent.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      const [returned] = answered.filter(({ id }) => this.#returned.delete(id));
      const failure = sent.find((one) => one.status === "rejected");
      if (failure !== undefined) throw failure.reason;
      if (returned !== undefined) throw unroutable(returned.type, this.#settings.exchange);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async subscribe(
    { group, topics, inFlightMax }: SubscribeOptions,
    deliver: Deliver,
  ): Promise<Subscription> {
    const consumers: Consumer[] = [];
    let closing: Promise<void> | undefined;
    const semaphore = new Semaphore(inFlightMax);
    const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
    const handle = async (message: AsyncMessage, type: string) => {
      await semaphore.take();
      try {
        if (closing !== undefined) return ConsumerStatus.REQUEUE;
        await deliver(
          readMessage(
            AMQP,
            type,
            { headers: headersOf(message), body: bodyOf(message) },
            Date.now(),
          ),
        );
        return ConsumerStatus.ACK;
      } catch {
        // A quorum queue gives it back at once: the pause is ours.
        const failures = Number(message.headers?.["x-delivery-count"] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, redeliveryPauseMs(failures)));
        return ConsumerStatus.REQUEUE;
      } finally {
        semaphore.free();
      }
    };
    try {
      const connection = await this.#connected();
      for (const type of topics) {
        await ensureQueue(connection, this.#settings, group, type);
        consumers.push(await this.#consume(connection, group, type, share, handle));
      }
    } catch (error) {
      await Promise.all(consumers.map((consumer) => consumer.close()));
      throw this.#explain(error);
    }
    const close = async () => {
      // Where the connection is gone there is nothing to leave: what was not acknowledged comes
      // again by itself.
      await Promise.allSettled(consumers.map((consumer) => consumer.close()));
      await semaphore.idle();
    };
    return { close: () => (closing ??= close()) };
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    // Subscriptions have been closed before, each with its acknowledgements; closing the connection
    // politely would wait for those that have not.
    connection?.unsafeDestroy();
  }

  #openPublisher(connection: Connection): Publisher {
    const publisher = connection.createPublisher({ confirm: true, maxAttempts: 1 });
    publisher.on("basic.return", ({ correlationId }) => {
      if (correlationId !== undefined) this.#returned.add(correlationId);
    });
    return publisher;
  }

  /**
   * Resolves with what tells it apart when it comes back, also when the same event is published
   * twice at once.
   */
  async #send(
    publisher: Publisher,
    event: EventEnvelope,
  ): Promise<{ readonly id: string; readonly type: string }> {
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
      messageId: event.id,
      correlationId,
    };
    // With an encoding the client leaves the payload as it is, instead of parsing it before us.
    await publisher.send(
      {
        ...envelope,
        contentEncoding: "utf-8",
        ...(contentType === undefined ? {} : { contentType }),
        headers: attributes,
      },
      Buffer.from(body),
    );
    return { id: correlationId, type };
  }

  #consume(
    connection: Connection,
    group: string,
    type: string,
    share: number,
    handle: Handle,
  ): Promise<Consumer> {
    const topology = topologyFor(this.#settings, group, type);
    return new Promise((resolve, reject) => {
      const consumer = connection.createConsumer(
        { ...topology, queue: topology.queueOptions.queue, qos: { prefetchCount: share } },
        (message) => handle(message, type),
      );
      consumer.once("ready", () => resolve(consumer));
      // It goes on trying by itself; only the first failure is ours to report.
      consumer.on("error", reject);
    });
  }

  #connected(): Promise<Connection> {
    if (this.#closed) return Promise.reject(busClosed(this.#place));
    this.#connection ??= this.#connect().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
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
    // It reconnects by itself.
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

  #explain(error: unknown): unknown {
    if (error instanceof OdoriError) return error;
    if (this.#closed) return busClosed(this.#place);
    return error instanceof AMQPError && codeOf(error) === "ACCESS_REFUSED"
      ? busForbidden(this.#place, error)
      : busUnavailable(this.#place, error);
  }
}

function* headersOf({ headers, contentType }: AsyncMessage): Iterable<readonly [string, string]> {
  if (contentType !== undefined) yield [AMQP.contentType, contentType];
  // A foreign producer may send tables and answered; attributes are text.
  for (const [name, value] of Object.entries(headers ?? {}))
    if (typeof value === "string") yield [name, value];
}

function unroutable(type: string, exchange: string): OdoriError {
  return new OdoriError("UNROUTABLE", `Nobody hears ${type} on the exchange ${exchange}.`, {
    hint: "Start the service that hears it once, or name the type in `unheard`.",
  });
}

/** The client parses a body that says it is JSON or text; what it was is needed. */
function bodyOf({ body }: AsyncMessage): Uint8Array | string {
  if (body instanceof Uint8Array) return body;
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** A bus over RabbitMQ: `rabbitmq({ url: "amqp://localhost", unheard: [orderCancelled.type] })`. */
export function rabbitmq(options: RabbitOptions): RabbitBus {
  return new RabbitBus(options);
}
