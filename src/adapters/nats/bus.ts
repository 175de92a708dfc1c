import type { ConsumerInfo } from "@nats-io/jetstream";
import { headers, RequestError } from "@nats-io/transport-node";
import { connectOnce, type LazyConnection } from "../../adapter/connect-once.ts";
import { publishResults, refusal } from "../../adapter/publish-results.ts";
import { NATS } from "../../cloudevents/binding.ts";
import { encodeParcel, type Parcel, sendInParcels } from "../../cloudevents/parcels.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busClosed } from "../../ports/errors.ts";
import { explain } from "./errors.ts";
import { closeLink, type Link, openLink, unlessCut } from "./link.ts";
import { Member } from "./member.ts";
import {
  consumerOf,
  type NatsOptions,
  type NatsSettings,
  placeOf,
  settingsOf,
  subjectOf,
} from "./options.ts";
import { ensureConsumer, ensureStream } from "./topology.ts";

/** Most events that are published and not yet acknowledged. */
const WINDOW = 500;
/** How long the server may take to reply to a check, in milliseconds. */
const CHECK_MS = 4_000;
/** How long the server may take to confirm what is published at once, in milliseconds. */
const PUBLISH_MS = 10_000;
/** The client's own limit comes later: it would leave the connection as it is. */
const SENT_MS = 2 * PUBLISH_MS;

/**
 * A bus over NATS JetStream. One stream keeps all events; a service has one durable pull consumer
 * for each type it hears. Messages have no id for the stream's deduplication: another service could
 * guess it, and the event would be dropped as a duplicate.
 */
export class NatsBus implements Bus {
  readonly guarantees: BusGuarantees;
  readonly #settings: NatsSettings;
  /** Where the broker is, without credentials. */
  readonly place: string;
  readonly #link: LazyConnection<Link>;

  constructor(options: NatsOptions) {
    this.#settings = settingsOf(options);
    this.guarantees = { order: "none", durable: true, retentionMs: this.#settings.maxAgeMs };
    const place = placeOf(this.#settings);
    this.place = place;
    this.#link = connectOnce({
      place,
      open: () => this.#connect(),
      close: closeLink,
      // By the options that a user may give it, or by an authenticator that throws.
      ended: ({ connection }) => connection.closed(),
      explain: (error) => explain(error, place),
    });
  }

  async publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    const results: PublishResult[] = [];
    // Also once for no events: a closed bus says so.
    for (let from = 0; from === 0 || from < events.length; from += WINDOW) {
      const some = events.slice(from, from + WINDOW);
      try {
        results.push(...(await this.#publishAtOnce(some)));
      } catch (error) {
        // Those before are confirmed, and those behind would find the same.
        if (!results.some(({ accepted }) => accepted)) throw error;
        const refused = refusal(explain(error, this.place));
        return events.map((_, i) => results[i] ?? refused);
      }
    }
    return results;
  }

  /**
   * A connection without a reply is replaced, and nothing is sent on it again: if it is only slow,
   * each attempt would arrive, and the server would get slower.
   */
  #publishAtOnce(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    return this.#use(async (link) => {
      const sent = await sendInParcels(
        events,
        this.#settings,
        (parcels) => Promise.allSettled(parcels.map((parcel) => this.#send(link, parcel))),
        (error) => explain(error, this.place),
      );
      // The broker may have come back empty: the next attempt finds the stream again.
      if (sent.some(isStreamGone)) await this.#ensureStream(link).catch(() => {});
      return publishResults(sent, (error) => explain(error, this.place));
    }, PUBLISH_MS);
  }

  subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    const { onLost = () => {} } = options;
    return this.#use(async (link) => {
      await this.#ensure(link, options);
      const member = new Member(link, {
        settings: this.#settings,
        options,
        deliver,
        onLost: (error) => onLost(explain(error, this.place)),
        check: () => this.#check(options),
        backlog: () => this.#backlog(options),
      });
      return member.join();
    });
  }

  close(): Promise<void> {
    return this.#link.close();
  }

  /** Of a connection that is refused, requests say only that they have no reply. */
  #use<T>(work: (link: Link) => Promise<T>, replyMs?: number): Promise<T> {
    return this.#link.use(async (link) => {
      try {
        return await work(link);
      } catch (error) {
        throw link.refusal ?? error;
      }
    }, replyMs);
  }

  #ensureStream(link: Link): Promise<void> {
    return unlessCut(link, () => ensureStream(link.manager, this.#settings));
  }

  async #ensure(link: Link, { group, topics }: SubscribeOptions): Promise<void> {
    await this.#ensureStream(link);
    for (const type of topics)
      await unlessCut(link, () => ensureConsumer(link.manager, this.#settings, group, type));
  }

  /** A connection that does not reply is replaced: the client would wait until it can flush. */
  #check({ group, topics }: SubscribeOptions): Promise<void> {
    return this.#use(async (link) => {
      if (topics.length === 0) await unlessCut(link, () => link.connection.rtt());
      for (const type of topics) await this.#info(link, group, type);
    }, CHECK_MS);
  }

  #backlog({ group, topics }: SubscribeOptions): Promise<number> {
    return this.#use(async (link) => {
      let left = 0;
      for (const type of topics) {
        const info = await this.#info(link, group, type);
        left += info.num_pending + info.num_ack_pending;
      }
      return left;
    }, CHECK_MS);
  }

  #info(link: Link, group: string, type: string): Promise<ConsumerInfo> {
    const { stream } = this.#settings;
    return unlessCut(link, () => link.manager.consumers.info(stream, consumerOf(group, type)));
  }

  async #send(link: Link, parcel: Parcel): Promise<void> {
    const subject = subjectOf(this.#settings, checkAttribute("type", parcel.type));
    const { headers: attributes, body } = encodeParcel(NATS, parcel);
    const head = headers();
    for (const [name, value] of attributes) head.append(name, value);
    if (link.closing) throw busClosed(this.place);
    const sending = { headers: head, timeout: SENT_MS };
    await unlessCut(link, () => link.client.publish(subject, body, sending));
  }

  async #connect(): Promise<Link> {
    const link = await openLink(this.#settings);
    try {
      await this.#ensureStream(link);
      return link;
    } catch (error) {
      await closeLink(link);
      throw error;
    }
  }
}

/** Whether no stream takes the message. */
function isStreamGone(one: PromiseSettledResult<unknown>): boolean {
  if (one.status === "fulfilled" || !(one.reason instanceof Error)) return false;
  const { cause } = one.reason;
  return cause instanceof RequestError && cause.isNoResponders();
}

/**
 * A bus over NATS JetStream: durable, without order. It connects with the first use, and creates
 * the stream and the consumers that are missing.
 *
 * Throws `OPTION_INVALID` for an invalid name. `publish` and `subscribe` reject with
 * `BUS_UNAVAILABLE`, `BUS_FORBIDDEN`, `BUS_TOPOLOGY` or `BUS_CLOSED`, or with `LOGIN_REFUSED`,
 * `CERTIFICATE_UNTRUSTED` or `TLS_MISMATCH`.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { nats } from "odori/nats";
 * import { sqlite } from "odori/sqlite";
 * import { payment } from "./services.ts";
 *
 * const bus = nats({ servers: "nats://localhost:4222" });
 * const app = await start(payment, { store: sqlite("payment.db"), bus });
 * ```
 */
export function nats(options: NatsOptions): NatsBus {
  return new NatsBus(options);
}
