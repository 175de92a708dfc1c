import { Consumer, type Message, type MessagesStream } from "@platformatic/kafka";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { KAFKA } from "../../cloudevents/binding.ts";
import { readMessage } from "../../cloudevents/message.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import { Offsets } from "./offsets.ts";
import { clientOf, groupOf, type KafkaSettings, topicOf } from "./options.ts";

interface Link {
  readonly consumer: Consumer;
  readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>;
}

/**
 * A partition whose oldest message is rejected again and again goes so far beyond it, and no
 * further: its memory is bounded.
 */
const BEHIND_MAX = 10_000;
const REJOIN_MS = 500;

/**
 * One member of a consumer group. Nothing is committed automatically: an offset is, once everything
 * before it is acknowledged. What is rejected is delivered again from memory, while what comes
 * after it goes on; after a crash the broker sends again whatever was not committed.
 */
export class Member implements Subscription {
  readonly #settings: KafkaSettings;
  readonly #options: SubscribeOptions;
  readonly #deliver: Deliver;
  readonly #semaphore: Semaphore;
  #consumer: Consumer | undefined;
  #closing: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(settings: KafkaSettings, options: SubscribeOptions, deliver: Deliver) {
    this.#settings = settings;
    this.#options = options;
    this.#deliver = deliver;
    this.#semaphore = new Semaphore(options.inFlightMax);
  }

  /** Resolves once it has joined the group, and goes on by itself from then on. */
  async join(): Promise<this> {
    const first = await this.#connect();
    this.#running = this.#run(first);
    return this;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves without waiting for what is in flight: it comes again, elsewhere. */
  async abandon(): Promise<void> {
    this.#closing ??= Promise.resolve();
    await quit(this.#consumer);
    await this.#running;
  }

  async #close(): Promise<void> {
    await this.#semaphore.idle();
    await quit(this.#consumer);
    await this.#running;
    await this.#semaphore.idle();
  }

  async #run(first: Link): Promise<void> {
    for (let link: Link | undefined = first; this.#closing === undefined; link = undefined) {
      try {
        await this.#take(link ?? (await this.#connect()));
      } catch {
        // The broker is away, or the group has gone on without us: join anew, and begin with what
        // is committed.
        await quit(this.#consumer);
        if (this.#closing === undefined)
          await new Promise((resolve) => setTimeout(resolve, REJOIN_MS));
      }
    }
  }

  async #connect(): Promise<Link> {
    const { sessionTimeoutMs } = this.#settings;
    const consumer = new Consumer({
      ...clientOf(this.#settings),
      groupId: groupOf(this.#settings, this.#options.group),
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs * 2,
      heartbeatInterval: Math.max(100, Math.floor(sessionTimeoutMs / 10)),
      maxWaitTime: 500,
    });
    this.#consumer = consumer;
    consumer.on("client:broker:failed", () => {});
    try {
      const topics = this.#options.topics.map((type) => topicOf(this.#settings, type));
      const stream = await consumer.consume({
        topics,
        mode: "committed",
        fallbackMode: "earliest",
        maxWaitTime: 500,
      });
      return { consumer, stream };
    } catch (error) {
      await quit(consumer);
      throw error;
    }
  }

  async #take({ consumer, stream }: Link): Promise<void> {
    const offsets = new Offsets();
    let committing: Promise<void> | undefined;
    // One commit at a time: what is finished meanwhile goes with the next.
    const commit = async () => {
      for (let moved = offsets.toCommit(); moved.length > 0; moved = offsets.toCommit()) {
        await consumer
          .commit({ offsets: moved.map((position) => ({ ...position, leaderEpoch: -1 })) })
          .catch(() => {});
      }
      committing = undefined;
    };
    for await (const message of stream) {
      if (!offsets.take(message)) continue;
      await this.#semaphore.take();
      if (this.#closing !== undefined) {
        this.#semaphore.free();
        return;
      }
      this.#handle(message)
        .then((done) => {
          if (!done) return;
          offsets.finish(message);
          committing ??= commit();
        })
        .finally(async () => {
          await committing;
          this.#semaphore.free();
        });
      while (offsets.behind > BEHIND_MAX && this.#closing === undefined)
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Delivers it until it is acknowledged; false where the member closes before that. */
  async #handle({ topic, headers, value }: Message): Promise<boolean> {
    const type = topic.slice(this.#settings.prefix.length);
    const incoming = readMessage(
      KAFKA,
      type,
      { headers: textOf(headers), body: value ?? new Uint8Array() },
      Date.now(),
    );
    for (let failures = 1; ; failures++) {
      try {
        await this.#deliver(incoming);
        return true;
      } catch {
        if (this.#closing !== undefined) return false;
        await new Promise((resolve) => setTimeout(resolve, redeliveryPauseMs(failures)));
        if (this.#closing !== undefined) return false;
      }
    }
  }
}

/** Leaves the group, or lets it find out by itself where the broker is away. */
function quit(consumer: Consumer | undefined): Promise<void> {
  return new Promise((resolve) =>
    consumer === undefined ? resolve() : consumer.close(true, () => resolve()),
  );
}

function* textOf(headers: ReadonlyMap<Buffer, Buffer>): Iterable<readonly [string, string]> {
  for (const [name, value] of headers) yield [name.toString(), value.toString()];
}
