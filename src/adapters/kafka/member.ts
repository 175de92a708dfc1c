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

/** Most messages of a partition beyond its oldest unsettled one: a bound of the memory. */
const BEHIND_MAX = 10_000;
const REJOIN_MS = 500;

/**
 * One member of a consumer group. It commits an offset once all messages before it are
 * acknowledged. A rejected message is delivered again from memory, while later ones continue. After
 * a crash the broker delivers everything that was not committed again.
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

  /** Resolves once it has joined the group; from then on it reconnects by itself. */
  async join(): Promise<this> {
    const first = await this.#connect();
    this.#running = this.#run(first);
    return this;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves without waiting for deliveries in flight: another member gets them again. */
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
        // The broker is unavailable, or has removed this member: join again at the committed
        // offsets.
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
    // One commit at a time; the next one includes what is finished meanwhile.
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

  /** Delivers until it is acknowledged; resolves to false if the member closes before. */
  async #handle({ topic, headers, value, partition, offset }: Message): Promise<boolean> {
    const type = topic.slice(this.#settings.prefix.length);
    const incoming = readMessage(
      KAFKA,
      type,
      {
        headers: textOf(headers),
        body: value ?? new Uint8Array(),
        place: `${topic}/${partition}/${offset}`,
      },
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

/** Leaves the group; an unavailable broker removes the member after its session timeout. */
function quit(consumer: Consumer | undefined): Promise<void> {
  return new Promise((resolve) =>
    consumer === undefined ? resolve() : consumer.close(true, () => resolve()),
  );
}

function* textOf(headers: ReadonlyMap<Buffer, Buffer>): Iterable<readonly [string, string]> {
  for (const [name, value] of headers) yield [name.toString(), value.toString()];
}
