import { type AsyncMessage, type Connection, type Consumer, ConsumerStatus } from "rabbitmq-client";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { deliverAll } from "../../adapter/deliver-all.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import type { RabbitSettings } from "./options.ts";
import { readRabbit } from "./read.ts";
import { topologyFor } from "./topology.ts";

/** A broker that replies at all has replied to a consumer by then. Below the limit of the bus. */
const CONSUME_MS = 4_000;

export interface MemberParts {
  readonly settings: RabbitSettings;
  readonly options: SubscribeOptions;
  readonly deliver: Deliver;
  /** Called once, if the member can get no more messages. */
  onLost(error: unknown): void;
  /** Called if the broker does not reply to the consumer of a queue in time. */
  onSilence(queue: string): void;
  /** Declares again what the group needs; rejects if the broker does not reply. */
  check(): Promise<void>;
  /** Asks how many messages are ready in the queues. */
  ready(): Promise<number>;
}

/** One member of a group: consumes from the group's queue of each type. */
export class Member implements Subscription {
  readonly #connection: Connection;
  readonly #parts: MemberParts;
  readonly #semaphore: Semaphore;
  readonly #consumers: Consumer[] = [];
  /** Says that the member gets no more messages. */
  readonly lose: (error: unknown) => void;
  /** Messages that it has and has not acknowledged. */
  #unsettled = 0;
  #lost = false;
  #closing: Promise<void> | undefined;

  constructor(connection: Connection, parts: MemberParts) {
    this.#connection = connection;
    this.#parts = parts;
    this.#semaphore = new Semaphore(parts.options.inFlightMax);
    this.lose = (error) => {
      if (this.#lost || this.#closing !== undefined) return;
      this.#lost = true;
      parts.onLost(error);
    };
  }

  /** Resolves once it consumes from each queue; they must exist. */
  async join(): Promise<this> {
    const { topics, inFlightMax } = this.#parts.options;
    const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
    this.#connection.on("error", this.lose);
    try {
      for (const type of topics) await this.#consume(type, share);
      return this;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  check(): Promise<void> {
    return this.#parts.check();
  }

  /** The broker counts what is ready in the queue, and not what its members have. */
  async backlog(): Promise<number> {
    const before = this.#unsettled;
    return (await this.#parts.ready()) + Math.max(before, this.#unsettled);
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    this.#connection.off("error", this.lose);
    // On a lost connection there is nothing to close: the broker delivers unacknowledged messages
    // again by itself.
    await Promise.allSettled(this.#consumers.map((consumer) => consumer.close()));
    await this.#semaphore.idle();
  }

  #consume(type: string, share: number): Promise<void> {
    const { settings, options } = this.#parts;
    const topology = topologyFor(settings, options.group, type);
    const { queue } = topology.queueOptions;
    const silence = setTimeout(() => this.#parts.onSilence(queue), CONSUME_MS);
    return new Promise<void>((resolve, reject) => {
      const consumer = this.#connection.createConsumer(
        { ...topology, queue, qos: { prefetchCount: share } },
        (message) => this.#handle(message, type),
      );
      // The client would try again by itself, without the exchange, for ever and in silence.
      this.#consumers.push(consumer);
      let failed: (error: unknown) => void = reject;
      consumer.once("ready", () => {
        failed = this.lose;
        resolve();
      });
      consumer.on("error", (error: unknown) => failed(error));
    }).finally(() => clearTimeout(silence));
  }

  async #handle(message: AsyncMessage, type: string): Promise<ConsumerStatus> {
    this.#unsettled++;
    try {
      return await this.#answer(message, type);
    } finally {
      this.#unsettled--;
    }
  }

  async #answer(message: AsyncMessage, type: string): Promise<ConsumerStatus> {
    const delivered = await deliverAll(readRabbit(type, message), {
      semaphore: this.#semaphore,
      deliver: this.#parts.deliver,
      isLeaving: () => this.#closing !== undefined,
    });
    if (delivered === "acknowledged") return ConsumerStatus.ACK;
    if (delivered === "rejected") {
      // A quorum queue redelivers at once, so the member waits before it returns the message.
      const failures = Number(message.headers?.["x-delivery-count"] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, redeliveryPauseMs(failures)));
    }
    return ConsumerStatus.REQUEUE;
  }
}
