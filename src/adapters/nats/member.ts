import type { ConsumerMessages, JsMsg } from "@nats-io/jetstream";
import { redeliveryPauseMs } from "../../adapter/backoff.ts";
import { deliverAll } from "../../adapter/deliver-all.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import type { Deliver, SubscribeOptions, Subscription } from "../../ports/bus.ts";
import { type Link, unlessCut } from "./link.ts";
import { consumerOf, type NatsSettings } from "./options.ts";
import { readNats } from "./read.ts";

/**
 * A pull request ends after this long. The server sends a heartbeat at half that time, and the
 * member is lost once two are missing.
 */
const PULL_MS = 10_000;

export interface MemberParts {
  readonly settings: NatsSettings;
  readonly options: SubscribeOptions;
  readonly deliver: Deliver;
  /** Called once, if the member can get no more messages. */
  onLost(error: unknown): void;
  /** Rejects if one of the group's consumers is gone, or the server does not reply. */
  check(): Promise<void>;
  /** Asks the consumers how much they have left. */
  backlog(): Promise<number>;
}

/** One member of a group: pulls from the group's consumer of each type. */
export class Member implements Subscription {
  readonly #parts: MemberParts;
  readonly #link: Link;
  readonly #semaphore: Semaphore;
  readonly #pulls: ConsumerMessages[] = [];
  /** Messages without an answer, begun or not. */
  readonly #held = new Set<JsMsg>();
  #beat: NodeJS.Timeout | undefined;
  #lost = false;
  #closing: Promise<void> | undefined;

  constructor(link: Link, parts: MemberParts) {
    this.#link = link;
    this.#parts = parts;
    this.#semaphore = new Semaphore(parts.options.inFlightMax);
  }

  /** Begins to pull; the consumers must exist. */
  async join(): Promise<this> {
    const { settings, options } = this.#parts;
    const { group, topics, inFlightMax } = options;
    const share = Math.max(1, Math.floor(inFlightMax / Math.max(1, topics.length)));
    // The server redelivers a message that is neither acknowledged nor in progress.
    this.#beat = setInterval(() => this.#inProgress(), settings.ackWaitMs / 3);
    this.#watch();
    try {
      for (const type of topics) {
        const name = consumerOf(group, type);
        const consumer = await unlessCut(this.#link, () =>
          this.#link.client.consumers.get(settings.stream, name),
        );
        const pull = await consumer.consume({
          max_messages: share,
          expires: PULL_MS,
          abort_on_missing_resource: true,
          callback: (message) => {
            this.#take(message, type);
          },
        });
        this.#pulls.push(pull);
        this.#watchPull(pull);
      }
    } catch (error) {
      await this.close();
      throw error;
    }
    return this;
  }

  async check(): Promise<void> {
    await this.#parts.check();
  }

  backlog(): Promise<number> {
    return this.#parts.backlog();
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave();
    return this.#closing;
  }

  async #leave(): Promise<void> {
    // A delivery that never ends must not keep its message from other members for ever.
    const limit = setTimeout(() => clearInterval(this.#beat), this.#parts.settings.ackWaitMs);
    try {
      await Promise.all(this.#pulls.map((pull) => pull.close()));
      await this.#semaphore.idle();
    } finally {
      clearTimeout(limit);
      clearInterval(this.#beat);
    }
  }

  /** The connection reconnects by itself; its pulls are made again with the next subscription. */
  async #watch(): Promise<void> {
    const { connection } = this.#link;
    connection.closed().then((error) => this.#lose(error ?? new Error("the connection is closed")));
    for await (const { type } of connection.status()) {
      if (this.#closing !== undefined) return;
      if (type === "disconnect") this.#lose(new Error("the connection is lost"));
    }
  }

  async #watchPull(pull: ConsumerMessages): Promise<void> {
    pull.closed().then((error) => this.#lose(error ?? new Error("the pull has ended")));
    for await (const { type } of pull.status())
      if (type === "heartbeats_missed") this.#lose(new Error("the server is silent"));
  }

  #lose(error: unknown): void {
    if (this.#lost || this.#closing !== undefined) return;
    this.#lost = true;
    this.#parts.onLost(error);
  }

  async #take(message: JsMsg, type: string): Promise<void> {
    this.#held.add(message);
    await deliverAll(readNats(type, message), {
      semaphore: this.#semaphore,
      deliver: this.#parts.deliver,
      isLeaving: () => this.#closing !== undefined,
      answer: (delivered) => {
        this.#held.delete(message);
        this.#answer(() => {
          if (delivered === "acknowledged") message.ack();
          else if (delivered === "left") message.nak();
          else message.nak(redeliveryPauseMs(message.info.deliveryCount));
        });
      },
    });
  }

  #inProgress(): void {
    for (const message of this.#held) this.#answer(() => message.working());
  }

  /** Without an answer the server delivers the message again. */
  #answer(send: () => void): void {
    if (this.#link.closing || this.#link.connection.isClosed()) return;
    send();
  }
}
