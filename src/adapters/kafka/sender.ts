import { type MessageToProduce, Producer, stringSerializers } from "@platformatic/kafka";
import { isMessagesFault } from "./errors.ts";
import { clientOf, type KafkaSettings } from "./options.ts";
import { tolerant } from "./tolerant.ts";

/** A message to produce. */
export type Outgoing = MessageToProduce<string, string, string, string>;

interface Waiting {
  readonly message: Outgoing;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Bytes of a request. A broker limits the share of each partition, to 1 MiB by default, and all
 * messages of a request may belong to one partition.
 */
const REQUEST_BYTES = 900_000;
/** What a message takes beside its value, at most. */
const OVERHEAD_BYTES = 2_000;

/** Acknowledged by all replicas in sync. */
const ACKS_ALL = -1;

/**
 * An idempotent producer with one request at a time, which takes all messages that have queued up.
 * The producer numbers its requests, so they must not overlap.
 */
export class Sender {
  readonly #settings: KafkaSettings;
  #producer: Producer<string, string, string, string> | undefined;
  #queue: Waiting[] = [];
  #sending: Promise<void> | undefined;
  /** Why it sends nothing more. */
  #closed: { readonly error: unknown } | undefined;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  /** Resolves once the broker has acknowledged the message. */
  send(message: Outgoing): Promise<void> {
    // A producer that is made now would never be closed.
    if (this.#closed !== undefined) return Promise.reject(this.#closed.error);
    return new Promise((resolve, reject) => {
      this.#queue.push({ message, resolve, reject });
      this.#sending ??= this.#sendAll();
    });
  }

  /** Rejects with `error` all messages that are not sent yet, and later ones. */
  async close(error: unknown): Promise<void> {
    this.#closed = { error };
    for (const waiting of this.#queue) waiting.reject(error);
    this.#queue = [];
    await this.#producer?.close().catch(() => {});
  }

  async #sendAll(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, fitting(this.#queue));
      this.#queue = this.#queue.slice(batch.length);
      await this.#sendBatch(batch);
    }
    this.#sending = undefined;
  }

  /** The reply is for all: if the broker refuses one message, halves tell which one. */
  async #sendBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      if (this.#closed !== undefined) throw this.#closed.error;
      this.#producer ??= tolerant(
        new Producer({
          ...clientOf(this.#settings),
          idempotent: true,
          acks: ACKS_ALL,
          serializers: stringSerializers,
        }),
      );
      await this.#producer.send({ messages: batch.map(({ message }) => message) });
      for (const { resolve } of batch) resolve();
    } catch (error) {
      // The producer's numbers may differ from the broker's now: the next request needs new ones.
      await this.#producer?.close().catch(() => {});
      this.#producer = undefined;
      if (batch.length === 1 || !isMessagesFault(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const half = Math.ceil(batch.length / 2);
      await this.#sendBatch(batch.slice(0, half));
      await this.#sendBatch(batch.slice(half));
    }
  }
}

/** How many messages from the first on fit into a request; at least one. */
function fitting(queue: readonly Waiting[]): number {
  let bytes = 0;
  const end = queue.findIndex(({ message: { value = "" } }) => {
    bytes += Buffer.byteLength(value) + OVERHEAD_BYTES;
    return bytes > REQUEST_BYTES;
  });
  return end < 0 ? queue.length : Math.max(1, end);
}
