import {
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import {
  connect,
  headers,
  type MsgHdrs,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/transport-node";
import { NATS } from "../../cloudevents/binding.ts";
import { encodeMessage, readMessage } from "../../cloudevents/message.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
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
import {
  consumerOf,
  type NatsOptions,
  type NatsSettings,
  placeOf,
  settingsOf,
  subjectOf,
} from "./options.ts";
import { ensureConsumer, ensureStream } from "./topology.ts";

interface Link {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

/** Events published at once and not yet answered for. */
const WINDOW = 500;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * NATS JetStream: one stream for all events, and for each service one durable pull consumer of each
 * type that it hears. The stream's deduplication by message id spares some duplicates, and nothing
 * relies on it.
 */
export class NatsBus implements Bus {
  readonly guarantees: BusGuarantees;
  readonly #settings: NatsSettings;
  readonly #place: string;
  #link: Promise<Link> | undefined;
  #closed = false;

  constructor(options: NatsOptions) {
    this.#settings = settingsOf(options);
    this.#place = placeOf(this.#settings);
    this.guarantees = { order: "none", durable: true, retentionMs: this.#settings.maxAgeMs };
  }

  async publish(events: readonly EventEnvelope[]): Promise<void> {
    try {
      const { client } = await this.#connected();
      for (let from = 0; from < events.length; from += WINDOW) {
        const sent = events.slice(from, from + WINDOW).map((event) => this.#send(client, event));
        const failure = (await Promise.allSettled(sent)).find((one) => one.status === "rejected");
        if (failure !== undefined) throw failure.reason;
      }
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async subscribe(
    { group, topics, inFlightMax }: SubscribeOptions,
    deliver: Deliver,
  ): Promise<Subscription> {
    try {
      const { client, manager } = await this.#connected();
      const semaphore = new Semaphore(inFlightMax);
      const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
      for (const type of topics) await ensureConsumer(manager, this.#settings, group, type);
      const streams: ConsumerMessages[] = [];
      const loops: Promise<void>[] = [];
      let closing: Promise<void> | undefined;
      const take = async (messages: ConsumerMessages, type: string) => {
        for await (const message of messages) {
          await semaphore.take();
          // What was fetched, but not begun, goes back to whoever stays.
          const handled =
            closing === undefined
              ? this.#deliver(message, type, deliver)
              : Promise.resolve(message.nak());
          handled.finally(() => semaphore.free());
        }
      };
      for (const type of topics) {
        const consumer = await client.consumers.get(this.#settings.stream, consumerOf(group, type));
        const messages = await consumer.consume({ max_messages: share });
        streams.push(messages);
        loops.push(take(messages, type));
      }
      const close = async () => {
        await Promise.all(streams.map((messages) => messages.close()));
        await Promise.all(loops);
        await semaphore.idle();
      };
      return { close: () => (closing ??= close()) };
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const link = await this.#link?.catch(() => undefined);
    await link?.connection.close();
  }

  async #send(client: JetStreamClient, event: EventEnvelope): Promise<void> {
    const subject = subjectOf(this.#settings, checkAttribute("type", event.type));
    const { headers: attributes, body } = encodeMessage(NATS, event);
    const head = headers();
    for (const [name, value] of attributes) head.append(name, value);
    await client.publish(subject, body, {
      headers: head,
      msgID: `${attributes.get("ce-source")} ${attributes.get("ce-id")}`,
    });
  }

  async #deliver(message: JsMsg, type: string, deliver: Deliver): Promise<void> {
    // As long as it is being handled, nobody else gets it.
    const beat = setInterval(() => message.working(), this.#settings.ackWaitMs / 3);
    try {
      await deliver(
        readMessage(
          NATS,
          type,
          { headers: headersOf(message.headers), body: message.data },
          Date.now(),
        ),
      );
      message.ack();
    } catch {
      message.nak(redeliveryPauseMs(message.info.deliveryCount));
    } finally {
      clearInterval(beat);
    }
  }

  #connected(): Promise<Link> {
    if (this.#closed) return Promise.reject(busClosed(this.#place));
    this.#link ??= this.#connect().catch((error: unknown) => {
      this.#link = undefined;
      throw error;
    });
    return this.#link;
  }

  async #connect(): Promise<Link> {
    const { servers, connection: options } = this.#settings;
    const connection = await connect({
      name: "odori",
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      // An error is otherwise made for every request, in case it fails: an eighth of the time.
      noAsyncTraces: true,
      ...options,
      servers,
    });
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      await ensureStream(manager, this.#settings);
      return { connection, manager, client: jetstream(connection) };
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  #explain(error: unknown): unknown {
    if (error instanceof OdoriError) return error;
    if (this.#closed) return busClosed(this.#place);
    const forbidden =
      error instanceof PermissionViolationError ||
      (error instanceof Error && error.cause instanceof PermissionViolationError);
    return forbidden ? busForbidden(this.#place, error) : busUnavailable(this.#place, error);
  }
}

function* headersOf(head: MsgHdrs | undefined): Iterable<readonly [string, string]> {
  for (const [name, [value = ""]] of head ?? []) yield [name, value];
}

/** A bus over NATS JetStream: `nats({ servers: "nats://localhost:4222" })`. */
export function nats(options: NatsOptions): NatsBus {
  return new NatsBus(options);
}
