import type { Connection, Publisher } from "rabbitmq-client";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { publishResults } from "../../adapter/publish-results.ts";
import { AMQP } from "../../cloudevents/binding.ts";
import { encodeParcel, type Parcel, sendInParcels } from "../../cloudevents/parcels.ts";
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
import { busClosed } from "../../ports/errors.ts";
import { explain } from "./errors.ts";
import { leaderlessQueue } from "./leaderless.ts";
import { openConnection, PublishLink } from "./link.ts";
import { Member } from "./member.ts";
import {
  placeOf,
  queueOf,
  type RabbitOptions,
  type RabbitSettings,
  settingsOf,
} from "./options.ts";
import {
  type Births,
  checkQueue,
  ensureExchange,
  ensureQueues,
  restoreExchange,
} from "./topology.ts";

/** How long the broker may take to reply, in milliseconds. */
const REPLY_MS = { publish: 10_000, subscribe: 10_000, check: 4_000 } as const;

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

interface ConsumeLink {
  readonly connection: Connection;
  readonly members: Set<Member>;
}

/**
 * A bus over RabbitMQ: one topic exchange for all events; for each service, one quorum queue for
 * each type it hears. Messages are persistent, confirmed and mandatory. The broker also confirms a
 * message that reaches no queue, so a returned message counts as refused. A memory alarm blocks the
 * connection that publishes, and not the one that consumes.
 */
export class RabbitBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: true };
  readonly #settings: RabbitSettings;
  readonly #publishing: LazyConnection<PublishLink>;
  readonly #consuming: LazyConnection<ConsumeLink>;
  /** Where the broker is, without credentials. */
  readonly place: string;
  readonly #births: Births = new Map();
  #sent = 0;

  constructor(options: RabbitOptions) {
    this.#settings = settingsOf(options);
    const place = placeOf(this.#settings);
    this.place = place;
    const common = { place, explain: (error: unknown) => explain(error, place) };
    // A clean close would wait for messages in flight. Closed subscriptions have none; the others
    // get theirs again.
    this.#publishing = connectOnce({
      ...common,
      open: async () => new PublishLink(await this.#connect("publish"), this.#settings),
      close: async ({ connection }) => connection.unsafeDestroy(),
      replyMs: REPLY_MS.publish,
    });
    this.#consuming = connectOnce({
      ...common,
      open: async () => ({ connection: await this.#connect("consume"), members: new Set() }),
      close: async ({ connection, members }) => {
        for (const member of members) member.lose(busClosed(place));
        connection.unsafeDestroy();
      },
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#publishing.use(async (link) => {
      await this.#ensureHearers(link, new Set(events.map(({ type }) => type)));
      const explained = (error: unknown) => explain(error, this.place);
      const sendAll = (parcels: readonly Parcel[]) => this.#sendAll(link, parcels);
      const answers = await sendInParcels(events, this.#settings, sendAll, explained);
      if (answers.some(isExchangeGone)) await this.#restore(link);
      return publishResults(answers, explained);
    });
  }

  async #sendAll(
    link: PublishLink,
    parcels: readonly Parcel[],
  ): Promise<readonly PromiseSettledResult<Sent>[]> {
    const sent = await Promise.allSettled(
      parcels.map((parcel) => this.#send(link, link.together, parcel)),
    );
    await returned();
    const settled = parcels.map((parcel, i) => {
      const one = sent[i];
      return one === undefined || isChannelClosed(one) ? this.#sendAlone(link, parcel) : one;
    });
    return (await Promise.all(settled)).map((one) => this.#unlessReturned(link, one));
  }

  /**
   * A connection on which a consumer has no reply is replaced after the limit, also if the reason
   * is known: else the consumer could begin later, and take messages that nothing handles.
   */
  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const known: { reason?: OdoriError } = {};
    try {
      return await this.#subscribe(options, deliver, known);
    } catch (error) {
      throw codeOf(error) === "BUS_UNAVAILABLE" ? (known.reason ?? error) : error;
    }
  }

  /** `silence`: takes why the broker does not reply, if that is known. */
  #subscribe(
    options: SubscribeOptions,
    deliver: Deliver,
    silence: { reason?: OdoriError },
  ): Promise<Subscription> {
    const { group, topics, onLost = () => {} } = options;
    return this.#consuming.use(async ({ connection, members }) => {
      await ensureExchange(connection, this.#settings);
      const hearings = topics.map((type) => ({ group, type }));
      await ensureQueues(connection, this.#settings, hearings, this.#births);
      const member = new Member(connection, {
        settings: this.#settings,
        options,
        deliver,
        onLost: (error) => onLost(explain(error, this.place)),
        onSilence: async (queue) => {
          const reason = await leaderlessQueue(connection, this.#settings, queue);
          if (reason !== undefined) silence.reason = reason;
        },
        check: () => this.#check(group, topics),
        ready: () => this.#ready(group, topics),
      });
      await member.join();
      members.add(member);
      return {
        check: () => member.check(),
        backlog: () => member.backlog(),
        close: () => member.close().finally(() => members.delete(member)),
      };
    }, REPLY_MS.subscribe);
  }

  async close(): Promise<void> {
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }

  /** Declares the exchange again, and binds the queues: without, they get nothing. */
  #check(group: string, topics: readonly string[]): Promise<void> {
    return this.#consuming.use(async ({ connection }) => {
      await restoreExchange(connection, this.#settings);
      for (const type of topics) await checkQueue(connection, this.#settings, group, type);
    }, REPLY_MS.check);
  }

  #ready(group: string, topics: readonly string[]): Promise<number> {
    return this.#consuming.use(async ({ connection }) => {
      let ready = 0;
      for (const type of topics) {
        const queue = queueOf(this.#settings, group, type);
        ready += (await connection.queueDeclare({ queue, passive: true })).messageCount;
      }
      return ready;
    }, REPLY_MS.check);
  }

  /** A service that hears a type gets its queue before the first event, even if it never ran. */
  async #ensureHearers(
    { connection, ensured }: PublishLink,
    types: ReadonlySet<string>,
  ): Promise<void> {
    const missing = [...types].filter((type) => !ensured.has(type));
    if (missing.length === 0) return;
    const { heardBy } = this.#settings;
    const hearings = missing.flatMap((type) =>
      (heardBy.get(type) ?? []).map((group) => ({ group, type })),
    );
    await ensureQueues(connection, this.#settings, hearings, this.#births);
    for (const type of missing) ensured.add(type);
  }

  /** The next attempt to publish finds the exchange again, and the queues that are known here. */
  async #restore({ connection, ensured }: PublishLink): Promise<void> {
    ensured.clear();
    await ensureExchange(connection, this.#settings).catch(() => {});
  }

  /**
   * The broker closes a channel because of one message, and says nothing of the others. On a
   * channel with one message at a time, the reply is about that message.
   */
  #sendAlone(link: PublishLink, parcel: Parcel): Promise<PromiseSettledResult<Sent>> {
    return link.alone.run(async () => {
      const [one] = await Promise.allSettled([this.#send(link, link.apart, parcel)]);
      await returned();
      return one;
    });
  }

  #unlessReturned(
    { returned: ids }: PublishLink,
    one: PromiseSettledResult<Sent>,
  ): PromiseSettledResult<Sent> {
    if (one.status === "rejected" || !ids.delete(one.value.id)) return one;
    return { status: "rejected", reason: unroutable(one.value.type, this.#settings.exchange) };
  }

  async #send(link: PublishLink, publisher: Publisher, parcel: Parcel): Promise<Sent> {
    const type = checkAttribute("type", parcel.type);
    const { exchange, unheard } = this.#settings;
    const { headers, body } = encodeParcel(AMQP, parcel);
    const correlationId = `${++this.#sent}`;
    const { [AMQP.contentType]: contentType, ...attributes } = Object.fromEntries(headers);
    const envelope = {
      exchange,
      routingKey: type,
      durable: true,
      mandatory: !unheard.has(type),
      // Versions of one event have the same id.
      ...(parcel.batch === undefined && { messageId: `${parcel.event.id} ${type}` }),
      correlationId,
      // Without an encoding, the receiving client would parse the payload.
      contentEncoding: "utf-8",
      ...(contentType === undefined ? {} : { contentType }),
      headers: attributes,
    };
    try {
      await link.unlessBlocked(() => publisher.send(envelope, Buffer.from(body)));
    } catch (error) {
      // It may have been returned all the same, and nothing else would ask.
      returned().then(() => link.returned.delete(correlationId));
      throw error;
    }
    return { id: correlationId, type };
  }

  async #connect(purpose: "publish" | "consume"): Promise<Connection> {
    const connection = await openConnection(this.#settings, {
      name: `odori, to ${purpose}`,
    });
    try {
      await ensureExchange(connection, this.#settings);
      return connection;
    } catch (error) {
      connection.unsafeDestroy();
      throw error;
    }
  }
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

function isExchangeGone(one: PromiseSettledResult<Sent>): boolean {
  return one.status === "rejected" && codeOf(one.reason) === "NOT_FOUND";
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
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`, or with `LOGIN_REFUSED`,
 * `CERTIFICATE_UNTRUSTED` or `TLS_MISMATCH`; `publish` refuses an event with `UNROUTABLE` if no
 * service hears its type, and `subscribe` rejects with `QUEUE_LEADERLESS` if a queue has no leader.
 * The broker's maximum message size cannot be asked for: leave it above 72 KiB (RabbitMQ 4:
 * 16 MiB).
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
