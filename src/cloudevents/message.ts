import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { toPlain } from "../contract/plain.ts";
import type { Incoming, MalformedMessage } from "../ports/bus.ts";
import { readAttributes, writeAttributes } from "./attributes.ts";
import { type Binding, decodeValue, encodeValue } from "./binding.ts";
import { checkSize, decodeJson, malformed, parseJson, readingError } from "./json.ts";

/** A message as a protocol carries it. */
export interface WireMessage {
  /** Headers in any order; names are case-insensitive. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: Uint8Array | string;
}

/** How much of a malformed message is kept. */
const RAW_MAX_CHARS = 4_096;
const STRUCTURED = /^application\/cloudevents\s*(?:\+json\s*)?(?:;|$)/i;
const BATCH = /^application\/cloudevents-batch/i;
const JSON_TYPE = /^(?:[\w.-]+\/(?:[\w.+-]+\+)?json)\s*(?:;|$)/i;

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
  const { attributes, contentType, headerBytes } = sort(binding, message);
  const { body } = message;
  checkSize((typeof body === "string" ? Buffer.byteLength(body) : body.byteLength) + headerBytes);
  if (BATCH.test(contentType)) throw malformed("it is a batch, and each message must be one event");
  if (STRUCTURED.test(contentType) || !attributes.has("specversion"))
    return decodeJson(body, { now });
  if (contentType !== "" && !JSON_TYPE.test(contentType))
    throw malformed(`its payload is ${quote(contentType)}, not JSON`);
  try {
    const values = new Map(
      [...attributes].map(([name, value]) => [name, decodeValue(binding, value)]),
    );
    return {
      ...readAttributes(values, now),
      data: body.length === 0 ? null : toPlain(parseJson(body)).data,
    };
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
  return read(topic, message.body, () => decodeMessage(binding, message, now));
}

/**
 * Reads a message in structured mode for a bus whose messages have no headers. Like `readMessage`,
 * it returns a `MalformedMessage` instead of throwing, also if the type is not the topic.
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
export function readJson(topic: string, body: Uint8Array | string, now: number): Incoming {
  return read(topic, body, () => decodeJson(body, { now }));
}

function read(topic: string, body: Uint8Array | string, decode: () => EventEnvelope): Incoming {
  try {
    const event = decode();
    if (event.type !== topic)
      throw malformed(`its topic is ${quote(topic)}, and its type is ${quote(event.type)}`);
    return event;
  } catch (error) {
    if (!(error instanceof OdoriError)) throw error;
    return malformedMessage(topic, body, error);
  }
}

/**
 * Makes the `MalformedMessage` of a message that could not be read.
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
  // An event that cannot be read without changing it is kept whole; its size was checked.
  const start = error.code === "NUMBER_INEXACT" ? body : body.slice(0, RAW_MAX_CHARS);
  const raw = typeof start === "string" ? start : new TextDecoder().decode(start);
  return { malformed: true, topic, error, raw };
}

function sort(binding: Binding, { headers }: WireMessage) {
  const attributes = new Map<string, string>();
  const prefixes = binding.prefixes.map((prefix) => prefix.toLowerCase());
  let contentType = "";
  let structured = "";
  let headerBytes = 0;
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    headerBytes += name.length + Buffer.byteLength(value);
    if (lower === binding.contentType) contentType = value.trim();
    // A binding with its own header for the media type (NATS) may use this one in structured mode.
    if (lower === "content-type") structured = value.trim();
    const prefix = prefixes.find((one) => lower.startsWith(one));
    if (prefix !== undefined) attributes.set(lower.slice(prefix.length), value);
  }
  const decided = STRUCTURED.test(structured) || BATCH.test(structured) ? structured : contentType;
  return { attributes, contentType: decided, headerBytes };
}
