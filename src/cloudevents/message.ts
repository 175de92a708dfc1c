import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { toPlain } from "../contract/plain.ts";
import type { Incoming } from "../ports/bus.ts";
import { readAttributes, writeAttributes } from "./attributes.ts";
import { type Binding, decodeValue, encodeValue } from "./binding.ts";
import { checkSize, decodeJson, malformed, parseJson } from "./json.ts";

/** A message as a protocol carries it. */
export interface WireMessage {
  /** Names as they came; they are compared without regard to case. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body: Uint8Array | string;
}

/** Longest piece of an unreadable message that is kept with it. */
const RAW_MAX_CHARS = 4_096;
const STRUCTURED = /^application\/cloudevents\s*(?:\+json\s*)?(?:;|$)/i;
const BATCH = /^application\/cloudevents-batch/i;
const JSON_TYPE = /^(?:[\w.-]+\/(?:[\w.+-]+\+)?json)\s*(?:;|$)/i;

/** Binary mode: every attribute a header, the payload alone as JSON. */
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
 * Reads a message in binary or structured mode; throws `MESSAGE_TOO_LARGE`, or `MESSAGE_MALFORMED`
 * with what is wrong.
 */
export function decodeMessage(binding: Binding, message: WireMessage, now: number): EventEnvelope {
  const { attributes, contentType, headerBytes } = sort(binding, message);
  const { body } = message;
  checkSize((typeof body === "string" ? Buffer.byteLength(body) : body.byteLength) + headerBytes);
  if (BATCH.test(contentType)) throw malformed("it is a batch, which no bus of Odori carries");
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
    if (codeOf(cause) === "MESSAGE_MALFORMED") throw cause;
    throw malformed(messageOf(cause), cause);
  }
}

/**
 * The same for a bus, which hands on what it cannot read. The topic is what a broker's permissions
 * are about, so an event whose type is another one is none: otherwise whoever may publish one type
 * could publish all.
 */
export function readMessage(
  binding: Binding,
  topic: string,
  message: WireMessage,
  now: number,
): Incoming {
  try {
    const event = decodeMessage(binding, message, now);
    if (event.type !== topic)
      throw malformed(`it came as ${quote(topic)}, and its type is ${quote(event.type)}`);
    return event;
  } catch (error) {
    if (!(error instanceof OdoriError)) throw error;
    const { body } = message;
    const start = body.slice(0, RAW_MAX_CHARS);
    return {
      malformed: true,
      topic,
      error,
      raw: typeof start === "string" ? start : new TextDecoder().decode(start),
    };
  }
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
    // Where the payload's media type has a header of its own, structured mode may still be said in
    // the common one.
    if (lower === "content-type") structured = value.trim();
    const prefix = prefixes.find((one) => lower.startsWith(one));
    if (prefix !== undefined) attributes.set(lower.slice(prefix.length), value);
  }
  const decided = STRUCTURED.test(structured) || BATCH.test(structured) ? structured : contentType;
  return { attributes, contentType: decided, headerBytes };
}
