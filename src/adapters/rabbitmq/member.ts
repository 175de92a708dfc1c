import { type AsyncMessage, type Connection, type Consumer, ConsumerStatus } from "rabbitmq-client";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { AMQP } from "../../cloudevents/binding.ts";
import { readMessage } from "../../cloudevents/message.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import type { RabbitSettings } from "./options.ts";
import { ensureQueue, topologyFor } from "./topology.ts";

/** One member of a group: consumes from the group's queue of each type. */
export class Member implements Subscription {
  readonly #settings: RabbitSettings;
  readonly #options: SubscribeOptions;
  readonly #deliver: Deliver;
  readonly #semaphore: Semaphore;
  readonly #consumers: Consumer[] = [];
  #closing: Promise<void> | undefined;

  constructor(settings: RabbitSettings, options: SubscribeOptions, deliver: Deliver) {
    this.#settings = settings;
    this.#options = options;
    this.#deliver = deliver;
    this.#semaphore = new Semaphore(options.inFlightMax);
  }

  /** Declares the queues that are missing, and resolves once it consumes from each. */
  async join(connection: Connection): Promise<this> {
    const { group, topics, inFlightMax } = this.#options;
    const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
    try {
      for (const type of topics) {
        await ensureQueue(connection, this.#settings, group, type);
        this.#consumers.push(await this.#consume(connection, type, share));
      }
      return this;
    } catch (error) {
      await Promise.all(this.#consumers.map((consumer) => consumer.close()));
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    // On a lost connection there is nothing to close: the broker delivers unacknowledged messages
    // again by itself.
    await Promise.allSettled(this.#consumers.map((consumer) => consumer.close()));
    await this.#semaphore.idle();
  }

  #consume(connection: Connection, type: string, share: number): Promise<Consumer> {
    const topology = topologyFor(this.#settings, this.#options.group, type);
    return new Promise((resolve, reject) => {
      const consumer = connection.createConsumer(
        { ...topology, queue: topology.queueOptions.queue, qos: { prefetchCount: share } },
        (message) => this.#handle(message, type),
      );
      consumer.once("ready", () => resolve(consumer));
      // The client repeats later attempts by itself; only the first failure is reported.
      consumer.on("error", reject);
    });
  }

  async #handle(message: AsyncMessage, type: string): Promise<ConsumerStatus> {
    await this.#semaphore.take();
    try {
      if (this.#closing !== undefined) return ConsumerStatus.REQUEUE;
      const wire = { headers: headersOf(message), body: bodyOf(message) };
      await this.#deliver(readMessage(AMQP, type, wire, Date.now()));
      return ConsumerStatus.ACK;
    } catch {
      // A quorum queue redelivers at once, so the member waits before it returns the message.
      const failures = Number(message.headers?.["x-delivery-count"] ?? 0) + 1;
      await new Promise((resolve) => setTimeout(resolve, redeliveryPauseMs(failures)));
      return ConsumerStatus.REQUEUE;
    } finally {
      this.#semaphore.free();
    }
  }
}

function* headersOf({ headers, contentType }: AsyncMessage): Iterable<readonly [string, string]> {
  if (contentType !== undefined) yield [AMQP.contentType, contentType];
  // A foreign producer may send tables and numbers; attributes are strings.
  for (const [name, value] of Object.entries(headers ?? {}))
    if (typeof value === "string") yield [name, value];
}

/** Undoes what the client does to a body of JSON or text: it parses them. */
function bodyOf({ body }: AsyncMessage): Uint8Array | string {
  if (body instanceof Uint8Array) return body;
  return typeof body === "string" ? body : JSON.stringify(body);
}
