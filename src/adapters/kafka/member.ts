import { Consumer, type Message, type MessagesStream } from "@platformatic/kafka";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import { uncommitted } from "./backlog.ts";
import { eventsExpired, skipForgotten } from "./forgotten.ts";
import { Offsets } from "./offsets.ts";
import { clientOf, groupOf, type KafkaSettings, topicOf } from "./options.ts";
import { readKafka } from "./read.ts";
import { tolerant } from "./tolerant.ts";

interface Link {
  readonly consumer: Consumer;
  readonly stream: MessagesStream<Buffer, Buffer, Buffer, Buffer>;
}

export interface MemberParts {
  readonly settings: KafkaSettings;
  readonly options: SubscribeOptions;
  readonly deliver: Deliver;
  /** Called once, if the member can get no more messages. */
  onLost(error: unknown): void;
  /** Runs a check within its time limit. */
  check(work: () => Promise<void>): Promise<void>;
  /** Asks something of the brokers, within the time limit of a check. */
  ask<T>(work: () => Promise<T>): Promise<T>;
}

/** Most messages of a partition beyond its oldest unsettled one: a bound of the memory. */
const BEHIND_MAX = 10_000;

/**
 * One member of a consumer group. It commits an offset once all messages before it are
 * acknowledged. A rejected message is delivered again from memory, while later ones continue. After
 * a crash the broker delivers everything that was not committed again.
 */
export class Member implements Subscription {
  readonly #parts: MemberParts;
  readonly #topics: readonly string[];
  readonly #semaphore: Semaphore;
  readonly #offsets = new Offsets();
  #link: Link | undefined;
  /** Partitions of each topic when the member joined. */
  #partitions = "";
  #lost = false;
  #closing: Promise<void> | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(parts: MemberParts) {
    this.#parts = parts;
    this.#topics = parts.options.topics.map((type) => topicOf(parts.settings, type));
    this.#semaphore = new Semaphore(parts.options.inFlightMax);
  }

  /** Resolves once it has joined the group. */
  async join(): Promise<this> {
    const link = await this.#connect();
    this.#link = link;
    try {
      this.#partitions = await this.#countPartitions(link);
      const { consumer } = link;
      const forgotten = await skipForgotten(consumer, this.#topics, this.#offsets, "new");
      // It took too long, and was given up meanwhile.
      if (this.#closing !== undefined) throw new Error("the member was given up");
      this.#running = this.#run(link);
      // It goes on with the oldest event that is left, and says so.
      if (forgotten > 0n) setImmediate(() => this.#lose(eventsExpired(forgotten)));
      return this;
    } catch (error) {
      await quit(link.consumer);
      throw error;
    }
  }

  /**
   * Rejects if a topic is gone or has more partitions, which only members that join hear; and once
   * if events were deleted before the service heard them.
   */
  check(): Promise<void> {
    return this.#parts.check(async () => {
      if (this.#link === undefined) return;
      const partitions = await this.#countPartitions(this.#link);
      if (partitions !== this.#partitions) throw new Error("a topic has other partitions");
      const forgotten = await this.#skipForgotten(this.#link);
      if (forgotten > 0n) throw eventsExpired(forgotten);
    });
  }

  /** Committed after it was handled: what the group has in hand counts. */
  async backlog(): Promise<number> {
    const link = this.#link;
    if (link === undefined) throw new Error("the member has not joined");
    return this.#parts.ask(() => uncommitted(link.consumer, this.#topics));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Leaves without waiting for deliveries in flight: another member gets them again. */
  async abandon(error: unknown): Promise<void> {
    this.#lose(error);
    this.#closing ??= Promise.resolve();
    await quit(this.#link?.consumer);
    await this.#running;
  }

  async #close(): Promise<void> {
    await this.#semaphore.idle();
    await quit(this.#link?.consumer);
    await this.#running;
    await this.#semaphore.idle();
  }

  async #run(link: Link): Promise<void> {
    try {
      await this.#take(link);
      this.#lose(new Error("the stream of messages has ended"));
    } catch (error) {
      this.#lose(error);
    }
  }

  /** The broker is unavailable, or has removed this member from the group. */
  #lose(error: unknown): void {
    if (this.#lost || this.#closing !== undefined) return;
    this.#lost = true;
    // A member that takes nothing must not keep its partitions from the others.
    quit(this.#link?.consumer);
    this.#parts.onLost(error);
  }

  /** What the member has in memory is heard, also if the log has it no more. */
  #skipForgotten({ consumer, stream }: Link): Promise<bigint> {
    const idle = this.#offsets.behind === 0 && stream.readableLength === 0;
    return skipForgotten(consumer, this.#topics, this.#offsets, idle ? "idle" : "busy");
  }

  async #countPartitions({ consumer }: Link): Promise<string> {
    const { topics } = await consumer.metadata({ topics: [...this.#topics], forceUpdate: true });
    return this.#topics.map((topic) => topics.get(topic)?.partitionsCount ?? 0).join();
  }

  async #connect(): Promise<Link> {
    const { settings, options } = this.#parts;
    const { sessionTimeoutMs } = settings;
    const consumer = new Consumer({
      ...clientOf(settings),
      groupId: groupOf(settings, options.group),
      autocommit: false,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs * 2,
      heartbeatInterval: Math.max(100, Math.floor(sessionTimeoutMs / 10)),
      maxWaitTime: 500,
    });
    tolerant(consumer);
    consumer.on("consumer:group:join", () => this.#offsets.rejoined());
    // Without a listener, a failed attempt to join the group again would end the process.
    consumer.on("error", (error: unknown) => this.#lose(error));
    try {
      const stream = await consumer.consume({
        topics: [...this.#topics],
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
    const offsets = this.#offsets;
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
  async #handle(message: Message): Promise<boolean> {
    const type = message.topic.slice(this.#parts.settings.prefix.length);
    const incoming = readKafka(type, message);
    for (let failures = 1; ; failures++) {
      try {
        await this.#parts.deliver(incoming);
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
