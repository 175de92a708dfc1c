import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Incoming, MalformedMessage } from "../ports/bus.ts";
import { readAttributes, writeAttributes } from "./attributes.ts";
import { type Binding, decodeValue, encodeValue } from "./binding.ts";
import {
  checkMediaType,
  checkSize,
  decodeJson,
  malformed,
  parseJson,
  readingError,
  readPayload,
  rememberWithTime,
} from "./json.ts";
import {
  type Head,
  headOf,
  headOfText,
  identityOf,
  toRaw,
  toRawStructured,
  toStructured,
} from "./raw.ts";

/** A message as a protocol carries it. */
export interface WireMessage {
  /** Headers in any order; names are case-insensitive. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: Uint8Array | string;
  /**
   * Where the message is on the broker, the same for a redelivery, such as a partition and an
   * offset. It tells messages apart that cannot be read.
   */
  readonly place?: string;
}

const STRUCTURED = /^application\/cloudevents\s*(?:\+json\s*)?(?:;|$)/i;
const BATCH = /^application\/cloudevents-batch/i;

/**
 * Writes an event in binary mode: each attribute is a header, and the body is the payload as JSON.
 *
 * @example
 * ```ts
 * import type { EventEnvelope } from "odori";
 * import { encodeMessage, HTTP } from "odori/cloudevents";
 *
 * function send(event: EventEnvelope) {
 *   const { headers, body } = encodeMessage(HTTP, event);
 *   const init = { method: "POST", headers: [...headers], body };
 *   return fetch("https://partner.example/events", init);
 * }
 * ```
 */
export function encodeMessage(
  binding: Binding,
  event: EventEnvelope,
): { readonly headers: ReadonlyMap<string, string>; readonly body: string } {
  const [prefix = ""] = binding.prefixes;
  const headers = new Map<string, string>();
  for (const [name, value] of writeAttributes(event))
    headers.set(`${prefix}${name}`, encodeValue(binding, value));
  headers.set(binding.contentType, "application/json");
  return { headers, body: JSON.stringify(event.data ?? null) };
}

/**
 * Reads a message in binary or structured mode. A missing `time` becomes `now` (milliseconds since
 * 1970). Throws `MESSAGE_TOO_LARGE`, or `MESSAGE_MALFORMED` with the reason.
 *
 * @example
 * ```ts
 * import { decodeMessage, HTTP } from "odori/cloudevents";
 *
 * async function read(request: Request) {
 *   const body = new Uint8Array(await request.arrayBuffer());
 *   return decodeMessage(HTTP, { headers: request.headers, body }, Date.now());
 * }
 * ```
 */
export function decodeMessage(binding: Binding, message: WireMessage, now: number): EventEnvelope {
  const { attributes, contentType, headerBytes, structured } = sort(binding, message);
  const { body } = message;
  checkSize((typeof body === "string" ? Buffer.byteLength(body) : body.byteLength) + headerBytes);
  if (BATCH.test(contentType)) throw malformed("it is a batch, and each message must be one event");
  if (structured) return decodeJson(body, { now });
  checkMediaType(contentType);
  try {
    const values = new Map(
      [...attributes].map(([name, value]) => [name, decodeValue(binding, value)]),
    );
    const data = body.length === 0 ? null : readPayload(parseJson(body));
    const event = { ...readAttributes(values, now), data };
    rememberWithTime(event, () => toStructured(values, body), values.get("time"));
    return event;
  } catch (cause) {
    throw readingError(cause);
  }
}

/**
 * Reads a message for a bus, as `decodeMessage` does, but returns a `MalformedMessage` instead of
 * throwing. The type must be the topic: a producer that may publish to one topic could otherwise
 * publish any type.
 *
 * @example
 * ```ts
 * import type { Deliver } from "odori";
 * import { NATS, readMessage, type WireMessage } from "odori/cloudevents";
 *
 * const receive = (topic: string, message: WireMessage, deliver: Deliver) =>
 *   deliver(readMessage(NATS, topic, message, Date.now()));
 * ```
 */
export function readMessage(
  binding: Binding,
  topic: string,
  message: WireMessage,
  now: number,
): Incoming {
  const { body, place } = message;
  // They are read again if the message cannot be read, and may come from a generator.
  const headers = [...message.headers];
  return read(
    topic,
    () => decodeMessage(binding, { headers, body }, now),
    (error) => {
      const id = identityOf(headers, body, place);
      const { attributes, structured } = sort(binding, { headers, body });
      if (structured) return { ...unreadText(topic, body, error, now), id };
      const values = new Map(
        [...attributes].map(([name, value]) => [name, decodedOr(binding, value)]),
      );
      const raw = toRawStructured(values, body, exceedsLimit(error));
      return unread(topic, error, raw, headOf(values, now), id);
    },
  );
}

/**
 * Reads a message in structured mode for a bus whose messages have no headers. Like `readMessage`,
 * it returns a `MalformedMessage` instead of throwing, also if the type is not the topic. `place`
 * is the place of the message on the broker, as in `WireMessage`.
 *
 * @example
 * ```ts
 * import type { Deliver } from "odori";
 * import { readJson } from "odori/cloudevents";
 *
 * const receive = (row: { readonly type: string; readonly body: string }, deliver: Deliver) =>
 *   deliver(readJson(row.type, row.body, Date.now()));
 * ```
 */
export function readJson(
  topic: string,
  body: Uint8Array | string,
  now: number,
  place?: string,
): Incoming {
  return read(
    topic,
    () => decodeJson(body, { now }),
    (error) => ({ ...unreadText(topic, body, error, now), id: identityOf([], body, place) }),
  );
}

function read(
  topic: string,
  decode: () => EventEnvelope,
  unreadable: (error: OdoriError) => MalformedMessage,
): Incoming {
  try {
    const event = decode();
    if (event.type !== topic)
      throw malformed(`its topic is ${quote(topic)}, and its type is ${quote(event.type)}`);
    return event;
  } catch (error) {
    if (!(error instanceof OdoriError)) throw error;
    return unreadable(error);
  }
}

/**
 * Makes the `MalformedMessage` of a message in structured mode that could not be read.
 *
 * @example
 * ```ts
 * import { codeOf, OdoriError } from "odori";
 * import { decodeJson, malformedMessage } from "odori/cloudevents";
 *
 * function read(topic: string, body: string) {
 *   try {
 *     return decodeJson(body, { now: Date.now() });
 *   } catch (error) {
 *     if (!(error instanceof OdoriError)) throw error;
 *     console.warn(codeOf(error));
 *     return malformedMessage(topic, body, error);
 *   }
 * }
 * ```
 */
export function malformedMessage(
  topic: string,
  body: Uint8Array | string,
  error: OdoriError,
): MalformedMessage {
  return unreadText(topic, body, error, Date.now());
}

function unreadText(
  topic: string,
  body: Uint8Array | string,
  error: OdoriError,
  now: number,
): MalformedMessage {
  const raw = toRaw(body, exceedsLimit(error));
  return unread(topic, error, raw, headOfText(body, now), identityOf([], body));
}

function unread(
  topic: string,
  error: OdoriError,
  raw: string,
  head: Head | undefined,
  id: string,
): MalformedMessage {
  // A producer that may publish to one topic could otherwise hold up the sagas of another one.
  return { malformed: true, topic, error, raw, id, head: head?.type === topic ? head : undefined };
}

function exceedsLimit({ code }: OdoriError): boolean {
  return code === "MESSAGE_TOO_LARGE";
}

function decodedOr(binding: Binding, value: string): string {
  try {
    return decodeValue(binding, value);
  } catch {
    return value;
  }
}

function sort(binding: Binding, { headers }: WireMessage) {
  const attributes = new Map<string, string>();
  const prefixes = binding.prefixes.map((prefix) => prefix.toLowerCase());
  let contentType = "";
  let whole = "";
  let headerBytes = 0;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    headerBytes += name.length + Buffer.byteLength(value);
    if (lower === binding.contentType) contentType = value.trim();
    // A binding with its own header for the media type (NATS) may use this one in structured mode.
    if (lower === "content-type") whole = value.trim();
    const prefix = prefixes.find((one) => lower.startsWith(one));
    if (prefix !== undefined) attributes.set(lower.slice(prefix.length), value);
  }
  const decided = STRUCTURED.test(whole) || BATCH.test(whole) ? whole : contentType;
  const structured = STRUCTURED.test(decided) || !attributes.has("specversion");
  if (!structured && decided !== "") attributes.set("datacontenttype", decided);
  return { attributes, contentType: decided, headerBytes, structured };
}
