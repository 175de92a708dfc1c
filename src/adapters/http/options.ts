import { OdoriError } from "../../contract/errors.ts";
import { parseTypeName, quote } from "../../contract/grammar.ts";
import { keyOf } from "./signature.ts";

/** Options of `http`. */
export interface HttpOptions {
  /**
   * Who hears this service's events, and where.
   *
   * @default []
   */
  readonly subscribers?: readonly HttpSubscriber[];
  /**
   * Types that no subscriber hears, such as those that end a saga. An event of any other type
   * without a subscriber is refused with `UNROUTABLE`, and stays in the outbox.
   *
   * @default []
   */
  readonly unheard?: readonly string[];
  /** How events come in. A service that hears none may leave it out. */
  readonly receive?: HttpReceiveOptions;
  /**
   * How long a subscriber may take to reply, in milliseconds.
   *
   * @default 30000
   */
  readonly timeoutMs?: number;
}

/** A service, in any language, that gets events as HTTP requests. */
export interface HttpSubscriber {
  /** Where events are posted: `https://shipping.example/events`. */
  readonly url: string;
  /** The types that it gets, each with its version: `payment.authorized.v1`. */
  readonly hears: readonly string[];
  /**
   * The content mode. `"batch"`: events that come up while a request is under way share the next
   * one. Signed events are never in binary mode: a signature does not cover headers.
   *
   * @default "binary"; "structured" with secrets
   */
  readonly mode?: "binary" | "structured" | "batch";
  /**
   * Secrets of Standard Webhooks: `whsec_` and base64. Requests are signed with each of them; two
   * while one replaces the other.
   *
   * @default []
   */
  readonly secrets?: readonly string[];
  /**
   * Headers of each request, such as `authorization`.
   *
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a service gets events over HTTP. It needs `secrets`, or `unsigned`. */
export interface HttpReceiveOptions {
  /**
   * Secrets of Standard Webhooks. A request must be signed with one of them.
   *
   * @default []
   */
  readonly secrets?: readonly string[];
  /**
   * Whether requests need no signature: the network, or a proxy, lets only known senders through.
   *
   * @default false
   */
  readonly unsigned?: boolean;
  /** A server of its own. Without it, mount `handler` or `fetch` of the bus in a server. */
  readonly listen?: HttpListenOptions;
  /**
   * Senders that the handshake of the CloudEvents WebHook specification permits, such as
   * `eventemitter.example.com`; `"*"` permits all.
   *
   * @default []
   */
  readonly origins?: readonly string[];
  /**
   * Most requests at once; further ones are told to come again.
   *
   * @default 256
   */
  readonly requestsMax?: number;
  /**
   * How long a body may take to arrive, in milliseconds.
   *
   * @default 10000
   */
  readonly bodyMs?: number;
  /**
   * After how long a request is told to come again whose events are not yet committed, in
   * milliseconds. Choose less than the sender's own limit.
   *
   * @default 10000
   */
  readonly replyMs?: number;
}

/** Where a server of the bus's own listens. */
export interface HttpListenOptions {
  readonly port: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /**
   * The path of the endpoint; others are not found.
   *
   * @default "/"
   */
  readonly path?: string;
}

/** A subscriber with the defaults filled in. */
export interface EndpointSettings {
  readonly url: string;
  /** The URL without what follows the path: for messages. */
  readonly place: string;
  readonly hears: ReadonlySet<string>;
  readonly mode: "binary" | "structured" | "batch";
  readonly keys: readonly Buffer[];
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** `HttpReceiveOptions` with the defaults filled in. */
export type ReceiveSettings = Required<Omit<HttpReceiveOptions, "secrets" | "listen">> & {
  readonly keys: readonly Buffer[];
  readonly listen: Required<HttpListenOptions> | undefined;
};

/** `HttpOptions` with the defaults filled in. */
export interface HttpSettings {
  readonly endpoints: readonly EndpointSettings[];
  readonly unheard: ReadonlySet<string>;
  readonly receive: ReceiveSettings | undefined;
}

const REQUESTS_MAX = 256;
const BODY_MS = 10_000;
const REPLY_MS = 10_000;

/** Validates the options, and fills in the defaults; throws `OPTION_INVALID`, `NAME_GRAMMAR`. */
export function settingsOf(options: HttpOptions): HttpSettings {
  const { subscribers = [], unheard = [], receive, timeoutMs = 30_000 } = options;
  checkPositive({ timeoutMs });
  for (const type of unheard) parseTypeName(type);
  return {
    endpoints: subscribers.map((subscriber) => endpointOf(subscriber, timeoutMs)),
    unheard: new Set(unheard),
    receive: receive && receiveOf(receive),
  };
}

function endpointOf(subscriber: HttpSubscriber, timeoutMs: number): EndpointSettings {
  const { hears, secrets = [], headers = {} } = subscriber;
  const url = parseUrl(subscriber.url);
  for (const type of hears) parseTypeName(type);
  const mode = subscriber.mode ?? (secrets.length > 0 ? "structured" : "binary");
  if (mode === "binary" && secrets.length > 0)
    throw invalid(
      `The subscriber ${placeOf(url)} has secrets and the mode binary.`,
      "Use structured or batch: a signature does not cover headers.",
    );
  const place = placeOf(url);
  checkHeaders(place, headers);
  const keys = secrets.map(keyOf);
  return { url: url.href, place, hears: new Set(hears), mode, keys, headers, timeoutMs };
}

function receiveOf(options: HttpReceiveOptions): ReceiveSettings {
  const { secrets = [], unsigned = false, listen, origins = [] } = options;
  const { requestsMax = REQUESTS_MAX, bodyMs = BODY_MS, replyMs = REPLY_MS } = options;
  if (unsigned === secrets.length > 0)
    throw invalid(
      unsigned ? "receive has secrets, and is unsigned." : "receive has no secrets.",
      "Name the secrets of the senders, or set unsigned: true where only they can connect.",
    );
  checkPositive({ requestsMax, bodyMs, replyMs });
  const { host = "127.0.0.1", path = "/" } = listen ?? {};
  return {
    keys: secrets.map(keyOf),
    unsigned,
    listen: listen && { port: listen.port, host, path },
    origins,
    requestsMax,
    bodyMs,
    replyMs,
  };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw invalid(`${quote(text)} is not a URL of HTTP.`, "Write https://host/path.");
  if (url.username !== "" || url.password !== "")
    throw invalid(`The URL of ${url.host} has credentials.`, "Use headers: { authorization }.");
  return url;
}

/** The query may have a token. */
function placeOf({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function checkHeaders(place: string, headers: Readonly<Record<string, string>>): void {
  try {
    new Headers(headers);
  } catch {
    throw invalid(`headers of ${place} has one that cannot be sent.`, "Use printable ASCII.");
  }
}

function checkPositive(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values))
    if (!Number.isSafeInteger(value) || value < 1)
      throw invalid(`${name} is ${quote(value)}.`, "Use a whole number above 0.");
}

function invalid(message: string, hint: string): OdoriError {
  return new OdoriError("OPTION_INVALID", message, { hint });
}
