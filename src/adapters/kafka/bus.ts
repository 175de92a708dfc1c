import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { Mutex } from "../../adapter/mutex.ts";
import { publishResults } from "../../adapter/publish-results.ts";
import { KAFKA } from "../../cloudevents/binding.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
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
import {
  busClosed,
  busForbidden,
  busMissing,
  busRefused,
  eventTooLarge,
} from "../../ports/errors.ts";
import {
  examineConnection,
  explainConnection,
  hasCode,
  isForbidden,
  isHungUp,
  isMessagesFault,
  isTooLarge,
} from "./errors.ts";
import { Member } from "./member.ts";
import { type KafkaOptions, type KafkaSettings, settingsOf, topicOf } from "./options.ts";
import { type Outgoing, Sender } from "./sender.ts";
import { ensureTopics } from "./topology.ts";

interface Clients {
  readonly sender: Sender;
  readonly members: Set<Member>;
}

/** How long the brokers may take to reply to a check, in milliseconds. */
const CHECK_MS = 4_000;

/**
 * A bus over Kafka. Each type has a topic, keyed by the saga's id, so that the events of one saga
 * and type stay in order. Each service has a consumer group. The producer is idempotent within one
 * process; beyond that the inbox recognises duplicates.
 */
export class KafkaBus implements Bus {
  readonly guarantees: BusGuarantees;
  readonly #settings: KafkaSettings;
  readonly #place: string;
  readonly #admin = new Mutex();
  readonly #ensured = new Set<string>();
  readonly #clients: LazyConnection<Clients>;

  constructor(options: KafkaOptions) {
    this.#settings = settingsOf(options);
    this.guarantees = { order: "key", durable: true, retentionMs: this.#settings.retentionMs };
    const place = this.#settings.brokers.join(", ");
    this.#place = place;
    this.#clients = connectOnce({
      place,
      open: async () => ({ sender: new Sender(this.#settings), members: new Set<Member>() }),
      close: async ({ sender, members }) => {
        const closed = sender.close(busClosed(place));
        await Promise.all([...members].map((member) => member.abandon(busClosed(place))));
        await closed;
      },
      explain: (error) => this.#explain(error),
    });
  }

  publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#clients.use(async ({ sender }) => {
      const ready = await this.#ready(new Set(events.map(({ type }) => type)));
      const sent = await Promise.allSettled(
        events.map(async (event) => {
          await ready.get(event.type);
          await sender.send(this.#toMessage(event)).catch((error: unknown) => {
            if (hasCode(error, "UNKNOWN_TOPIC_OR_PARTITION")) this.#forget([event.type]);
            throw error;
          });
        }),
      );
      return publishResults(sent, (error) => this.#explain(error));
    });
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const { topics, onLost = () => {} } = options;
    return this.#clients.use(async ({ members }) => {
      const member = new Member({
        settings: this.#settings,
        options,
        deliver,
        onLost: (error) => {
          this.#forget(topics);
          onLost(this.#explain(error));
        },
        check: (work) => this.#check(topics, work),
        ask: (work) => this.#clients.use(work, CHECK_MS),
      });
      if (topics.length === 0) return { backlog: async () => 0, close: async () => {} };
      // Before anything that may take too long: a member that is given up joins no more.
      members.add(member);
      try {
        await this.#ensure(topics);
        await member.join();
      } catch (error) {
        members.delete(member);
        throw error;
      }
      return {
        check: () => member.check(),
        backlog: () => member.backlog(),
        close: () => member.close().finally(() => members.delete(member)),
      };
    });
  }

  close(): Promise<void> {
    return this.#clients.close();
  }

  /** For each type, a promise that rejects if its topic cannot be used. */
  async #ready(types: ReadonlySet<string>): Promise<ReadonlyMap<string, Promise<void>>> {
    const missing = [...types].filter((type) => !this.#ensured.has(type));
    const ready = new Map<string, Promise<void>>();
    for (const type of missing) {
      const ensured = this.#ensure([type]);
      ready.set(type, ensured);
      // Each event of the type reports the failure.
      await ensured.catch(() => {});
    }
    return ready;
  }

  async #check(types: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await this.#clients.use(work, CHECK_MS);
    } catch (error) {
      this.#forget(types);
      throw error;
    }
  }

  /** The topics may be gone: they are looked for before the next use. */
  #forget(types: readonly string[]): void {
    for (const type of types) this.#ensured.delete(type);
  }

  #explain(error: unknown): OdoriError {
    if (error instanceof OdoriError) return error;
    if (hasCode(error, "UNKNOWN_TOPIC_OR_PARTITION")) return busMissing(this.#place, error);
    if (isForbidden(error)) return busForbidden(this.#place, error);
    if (isTooLarge(error)) return eventTooLarge(this.#place, error);
    return isMessagesFault(error)
      ? busRefused(this.#place, error)
      : explainConnection(error, this.#settings);
  }

  #ensure(types: readonly string[]): Promise<void> {
    if (types.every((type) => this.#ensured.has(type))) return Promise.resolve();
    return this.#admin.run(async () => {
      const missing = types.filter((type) => !this.#ensured.has(type));
      for (const type of missing) checkAttribute("type", type);
      await ensureTopics(this.#settings, missing).catch(async (error: unknown) => {
        throw isHungUp(error) ? await examineConnection(error, this.#settings) : error;
      });
      for (const type of missing) this.#ensured.add(type);
    });
  }

  #toMessage(event: EventEnvelope): Outgoing {
    const { headers, body } = encodeMessage(KAFKA, event);
    const topic = topicOf(this.#settings, event.type);
    return { topic, key: event.sagaId, value: body, headers: new Map(headers) };
  }
}

/**
 * A bus over Kafka: durable, in order for each saga and type. It connects with the first use, and
 * creates the topics that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid prefix. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`, or with `LOGIN_REFUSED`,
 * `CERTIFICATE_UNTRUSTED` or `TLS_MISMATCH`.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { kafka } from "odori/kafka";
 * import { sqlite } from "odori/sqlite";
 * import { payment } from "./services.ts";
 *
 * const bus = kafka({ brokers: "localhost:9092" });
 * const app = await start(payment, { store: sqlite("payment.db"), bus });
 * ```
 */
export function kafka(options: KafkaOptions): KafkaBus {
  return new KafkaBus(options);
}
