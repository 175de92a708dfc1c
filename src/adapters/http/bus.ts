import type { IncomingMessage, ServerResponse } from "node:http";
import { publishResults } from "../../adapter/publish-results.ts";
import { checkAttribute, type EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import type {
  Bus,
  BusGuarantees,
  Deliver,
  PublishResult,
  SubscribeOptions,
  Subscription,
} from "../../ports/bus.ts";
import { busClosed } from "../../ports/errors.ts";
import { Endpoint } from "./endpoint.ts";
import { handleFetch, handleNode, type Receive } from "./handlers.ts";
import { Listening } from "./listen.ts";
import type { HttpOptions } from "./options.ts";
import { Receiver } from "./receiver.ts";
import { againLater } from "./reply.ts";
import { settingsOf } from "./settings.ts";

const PLACE = "subscribers over HTTP";

/**
 * A bus without a broker: CloudEvents as HTTP requests. `publish` resolves once each subscriber of
 * an event has replied 2xx. A service replies so once it has committed, so that the outbox of one
 * service reaches to the inbox of the next.
 *
 * Each service has a bus of its own: a bus does not know of a service that has not subscribed yet.
 */
export class HttpBus implements Bus {
  readonly guarantees: BusGuarantees = { order: "none", durable: false };
  readonly #endpoints: readonly Endpoint[];
  readonly #unheard: ReadonlySet<string>;
  readonly #receiver: Receiver | undefined;
  readonly #listening: Listening | undefined;
  /** Which subscribers have accepted an event that others have not. */
  readonly #accepted = new WeakMap<EventEnvelope, Set<Endpoint>>();
  #closing: Promise<void> | undefined;

  constructor(options: HttpOptions) {
    const { endpoints, unheard, receive } = settingsOf(options);
    this.#endpoints = endpoints.map((settings) => new Endpoint(settings));
    this.#unheard = unheard;
    this.#receiver = receive && new Receiver(receive);
    this.#listening = receive?.listen && new Listening(receive.listen, this.handler);
  }

  /**
   * Handles a request of a server of yours, which must not have read the body.
   *
   * @example
   * ```ts
   * import { createServer } from "node:http";
   * import { http } from "odori/http";
   *
   * const bus = http({ receive: { secrets: ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"] } });
   * createServer(bus.handler).listen(8080);
   * ```
   */
  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    // Without a reply the sender sends it again.
    handleNode(this.#receive, request, response).catch(() => response.destroy());
  };

  /**
   * Handles a request of the Fetch API, as the servers of Hono, Deno and Bun have it.
   *
   * @example
   * ```ts
   * import { http } from "odori/http";
   *
   * const bus = http({ receive: { secrets: ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"] } });
   * export default { fetch: bus.fetch };
   * ```
   */
  readonly fetch = (request: Request): Promise<Response> => handleFetch(this.#receive, request);

  async publish(events: readonly EventEnvelope[]): Promise<readonly PublishResult[]> {
    this.#checkOpen();
    const sent = await Promise.allSettled(events.map((event) => this.#send(event)));
    return publishResults(sent, (error) => error);
  }

  async subscribe(options: SubscribeOptions, deliver: Deliver): Promise<Subscription> {
    this.#checkOpen();
    const receiver = this.#receiver;
    if (receiver === undefined) {
      if (options.topics.length === 0) return { backlog: async () => 0, close: async () => {} };
      throw new OdoriError("OPTION_INVALID", `${options.group} hears events over HTTP.`, {
        hint: "Set receive: how requests come in, and the secrets of their senders.",
      });
    }
    const listening = this.#listening;
    const member = receiver.join(options, deliver);
    if (listening === undefined) return member;
    try {
      await listening.open();
      return { ...member, check: () => listening.check() };
    } catch (error) {
      await member.close();
      throw error;
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  readonly #receive: Receive = async (request) =>
    this.#receiver?.receive(request) ?? againLater("This service receives nothing.");

  async #send(event: EventEnvelope): Promise<void> {
    const type = checkAttribute("type", event.type);
    const hearers = this.#endpoints.filter(({ settings }) => settings.hears.has(type));
    if (hearers.length === 0 && !this.#unheard.has(type)) throw unroutable(type);
    const accepted = this.#accepted.get(event) ?? new Set();
    const sent = await Promise.allSettled(
      hearers
        .filter((endpoint) => !accepted.has(endpoint))
        .map(async (endpoint) => {
          await endpoint.send(event);
          accepted.add(endpoint);
        }),
    );
    const failure = sent.find((one) => one.status === "rejected");
    if (failure === undefined) return;
    this.#accepted.set(event, accepted);
    throw failure.reason;
  }

  async #close(): Promise<void> {
    for (const endpoint of this.#endpoints) endpoint.close();
    await this.#receiver?.close();
    await this.#listening?.close();
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw busClosed(PLACE);
  }
}

function unroutable(type: string): OdoriError {
  return new OdoriError("UNROUTABLE", `No subscriber hears ${type}.`, {
    hint: "Add the type to hears of a subscriber, or to unheard.",
  });
}

/**
 * A bus over HTTP: events are posted to the subscribers as CloudEvents, and those of others come in
 * as requests. For webhooks, and for services in other languages.
 *
 * Throws `OPTION_INVALID` or `NAME_GRAMMAR`. `publish` refuses an event with `UNROUTABLE`,
 * `ENDPOINT_AWAY`, `BUS_FORBIDDEN`, `BUS_REFUSED` or `PAYLOAD_TOO_LARGE`, and rejects with
 * `BUS_CLOSED`. `subscribe` rejects with `BUS_UNAVAILABLE` if the port is taken.
 *
 * @example
 * ```ts
 * import { start } from "odori";
 * import { http } from "odori/http";
 * import { sqlite } from "odori/sqlite";
 * import { payment } from "./services.ts";
 *
 * const secrets = ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"];
 * const bus = http({
 *   subscribers: [
 *     { url: "https://shipping.example/events", hears: ["payment.authorized.v1"], secrets },
 *   ],
 *   receive: { secrets, listen: { port: 8080, host: "0.0.0.0", path: "/events" } },
 * });
 * const app = await start(payment, { store: sqlite("payment.db"), bus });
 * ```
 */
export function http(options: HttpOptions): HttpBus {
  return new HttpBus(options);
}
