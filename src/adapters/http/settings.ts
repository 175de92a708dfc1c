import { OdoriError } from "../../contract/errors.ts";
import { parseTypeName, quote } from "../../contract/grammar.ts";
import type {
  HttpListenOptions,
  HttpOptions,
  HttpReceiveOptions,
  HttpSubscriber,
} from "./options.ts";
import { secretKey } from "./signature.ts";

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
  const keys = secrets.map(secretKey);
  const more = headersOf(place, headers);
  return { url: url.href, place, hears: new Set(hears), mode, keys, headers: more, timeoutMs };
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
    keys: secrets.map(secretKey),
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

/** Names in lower case, so that they replace nothing of an event by another spelling. */
function headersOf(place: string, headers: Readonly<Record<string, string>>) {
  try {
    return Object.fromEntries(new Headers(headers));
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
