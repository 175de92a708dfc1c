import type { ConsumerMessages, JetStreamClient, JsMsg } from "@nats-io/jetstream";
import type { MsgHdrs } from "@nats-io/transport-node";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { NATS } from "../../cloudevents/binding.ts";
import { readMessage } from "../../cloudevents/message.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import { consumerOf, type NatsSettings } from "./options.ts";

/** One member of a group: pulls from the group's consumer of each type. */
export class Member implements Subscription {
  readonly #settings: NatsSettings;
  readonly #options: SubscribeOptions;
  readonly #deliver: Deliver;
  readonly #semaphore: Semaphore;
  readonly #streams: ConsumerMessages[] = [];
  readonly #loops: Promise<void>[] = [];
  #closing: Promise<void> | undefined;

  constructor(settings: NatsSettings, options: SubscribeOptions, deliver: Deliver) {
    this.#settings = settings;
    this.#options = options;
    this.#deliver = deliver;
    this.#semaphore = new Semaphore(options.inFlightMax);
  }

  /** Begins to pull; the consumers must exist. */
  async join(client: JetStreamClient): Promise<this> {
    const { group, topics, inFlightMax } = this.#options;
    const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
    for (const type of topics) {
      const name = consumerOf(group, type);
      const consumer = await client.consumers.get(this.#settings.stream, name);
      const messages = await consumer.consume({ max_messages: share });
      this.#streams.push(messages);
      this.#loops.push(this.#take(messages, type));
    }
    return this;
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    await Promise.all(this.#streams.map((messages) => messages.close()));
    await Promise.all(this.#loops);
    await this.#semaphore.idle();
  }

  async #take(messages: ConsumerMessages, type: string): Promise<void> {
    for await (const message of messages) {
      await this.#semaphore.take();
      // A message that was fetched but not begun goes to another member.
      const handled =
        this.#closing === undefined ? this.#handle(message, type) : Promise.resolve(message.nak());
      handled.finally(() => this.#semaphore.free());
    }
  }

  async #handle(message: JsMsg, type: string): Promise<void> {
    // The server redelivers a message that is neither acknowledged nor in progress.
    const beat = setInterval(() => message.working(), this.#settings.ackWaitMs / 3);
    const { stream, streamSequence } = message.info;
    const wire = {
      headers: headersOf(message.headers),
      body: message.data,
      place: `${stream}/${streamSequence}`,
    };
    try {
      await this.#deliver(readMessage(NATS, type, wire, Date.now()));
      message.ack();
    } catch {
      message.nak(redeliveryPauseMs(message.info.deliveryCount));
    } finally {
      clearInterval(beat);
    }
  }
}

function* headersOf(head: MsgHdrs | undefined): Iterable<readonly [string, string]> {
  for (const [name, [value = ""]] of head ?? []) yield [name, value];
}
