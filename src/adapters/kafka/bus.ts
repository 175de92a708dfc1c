import { type MessageToProduce, Producer, stringSerializers } from "@platformatic/kafka";
import { KAFKA } from "../../cloudevents/binding.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
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
import { Mutex } from "../../ports/mutex.ts";
import { isForbidden } from "./errors.ts";
import { Member } from "./member.ts";
import { clientOf, type KafkaOptions, type KafkaSettings, settingsOf, topicOf } from "./options.ts";
import { ensureTopics } from "./topology.ts";

type Outgoing = MessageToProduce<string, string, string, string>;

interface Waiting {
  readonly messages: readonly Outgoing[];
  resolve(): void;
  reject(error: unknown): void;
}

/** Idempotent and acknowledged by all replicas in sync. */
const ACKS_ALL = -1;

/**
 * Kafka: a topic for each type, with the saga's id for the key, so that the events of a saga and
 * type stay in order; and a consumer group for each service. The producer is idempotent as long as
 * its process lives; beyond that the inbox is the guarantee.
 */
export class KafkaBus implements Bus {
  readonly guarantees: BusGuarantees;
  readonly #settings: KafkaSettings;
  readonly #place: string;
  readonly #admin = new Mutex();
  readonly #ensured = new Set<string>();
  readonly #members = new Set<Member>();
  #producer: Producer<string, string, string, string> | undefined;
  #queue: Waiting[] = [];
  #sending: Promise<void> | undefined;
  #closed = false;

  constructor(options: KafkaOptions) {
    this.#settings = settingsOf(options);
    this.#place = this.#settings.brokers.join(", ");
    this.guarantees = { order: "key", durable: true, retentionMs: this.#settings.retentionMs };
  }

  async publish(events: readonly EventEnvelope[]): Promise<void> {
    if (this.#closed) throw busClosed(this.#place);
    if (events.length === 0) return;
    try {
      const messages = events.map((event) => this.#toMessage(event));
      await this.#ensure([...new Set(events.map(({ type }) => type))]);
      await new Promise<void>((resolve, reject) => {
        this.#queue.push({ messages, resolve, reject });
        this.#sending ??= this.#send();
      });
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    if (this.#closed) throw busClosed(this.#place);
    try {
      await this.#ensure(options.topics);
      if (options.topics.length === 0) return { close: async () => {} };
      const member = await new Member(this.#settings, options, deliver).join();
      this.#members.add(member);
      return member;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#queue) waiting.reject(busClosed(this.#place));
    this.#queue = [];
    await Promise.all([...this.#members].map((member) => member.abandon()));
    await this.#producer?.close().catch(() => {});
  }

  /**
   * One request at a time, which takes whatever has queued up: an idempotent producer numbers its
   * batches, and batches form by themselves.
   */
  async #send(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        this.#producer ??= new Producer({
          ...clientOf(this.#settings),
          idempotent: true,
          acks: ACKS_ALL,
          serializers: stringSerializers,
        });
        await this.#producer.send({ messages: batch.flatMap(({ messages }) => messages) });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        // Its numbering may not be the broker's any more.
        await this.#producer?.close().catch(() => {});
        this.#producer = undefined;
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = undefined;
  }

  #ensure(types: readonly string[]): Promise<void> {
    if (types.every((type) => this.#ensured.has(type))) return Promise.resolve();
    return this.#admin.run(async () => {
      const missing = types.filter((type) => !this.#ensured.has(type));
      await ensureTopics(this.#settings, missing);
      for (const type of missing) this.#ensured.add(type);
    });
  }

  #toMessage(event: EventEnvelope): Outgoing {
    const { headers, body } = encodeMessage(KAFKA, event);
    const topic = topicOf(this.#settings, checkAttribute("type", event.type));
    return { topic, key: event.sagaId, value: body, headers: new Map(headers) };
  }

  #explain(error: unknown): unknown {
    if (error instanceof OdoriError) return error;
    if (this.#closed) return busClosed(this.#place);
    return isForbidden(error)
      ? busForbidden(this.#place, error)
      : busUnavailable(this.#place, error);
  }
}

/** A bus over Kafka: `kafka({ brokers: "localhost:9092" })`. */
export function kafka(options: KafkaOptions): KafkaBus {
  return new KafkaBus(options);
}
