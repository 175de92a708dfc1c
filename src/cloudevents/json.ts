import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import { toPlain } from "../contract/plain.ts";
import { readAttributes } from "./attributes.ts";
import { parseExactly } from "./exact.ts";
import { remember, withAttribute } from "./heard.ts";

/** Largest event in bytes: what CloudEvents 1.0 ("Size Limits") requires everyone to forward. */
export const WIRE_MAX_BYTES = 64 * 1024;

/**
 * Writes an event in structured mode, the JSON event format of CloudEvents: one object with the
 * attributes and `data`.
 *
 * @example
 * ```ts
 * import type { EventEnvelope } from "odori";
 * import { encodeJson } from "odori/cloudevents";
 *
 * const send = (event: EventEnvelope) =>
 *   fetch("https://partner.example/events", {
 *     method: "POST",
 *     headers: { "content-type": "application/cloudevents+json" },
 *     body: encodeJson(event),
 *   });
 * ```
 */
export function encodeJson(event: EventEnvelope): string {
  return JSON.stringify({
    specversion: event.specversion,
    id: event.id,
    type: event.type,
    source: event.source,
    time: event.time,
    subject: event.subject,
    sagaid: event.sagaId,
    correlationid: event.correlationId,
    causationid: event.causationId,
    partitionkey: event.sagaId,
    traceparent: event.traceparent,
    tracestate: event.tracestate,
    datacontenttype: "application/json",
    data: event.data,
  });
}

/** Options of `decodeJson`. */
export interface DecodeOptions {
  /** @default 65536 */
  readonly maxBytes?: number;
  /** The `time` of an event without one: milliseconds since 1970. */
  readonly now: number;
}

/**
 * Reads an event in structured mode from an untrusted source. Throws `MESSAGE_TOO_LARGE`, or
 * `MESSAGE_MALFORMED` with the reason. The text cannot change a prototype: attributes are read by
 * name, and the payload is copied.
 *
 * @example
 * ```ts
 * import { decodeJson } from "odori/cloudevents";
 *
 * const read = async (request: Request) =>
 *   decodeJson(await request.text(), { now: Date.now() });
 * ```
 */
export function decodeJson(bytes: Uint8Array | string, options: DecodeOptions): EventEnvelope {
  checkSize(
    typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.byteLength,
    options.maxBytes,
  );
  const text = () => (typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes));
  return readObject(parseJson(bytes), options.now, text);
}

/** Throws `MESSAGE_TOO_LARGE` if a message has more than `maxBytes`. */
export function checkSize(bytes: number, maxBytes: number = WIRE_MAX_BYTES): void {
  if (bytes <= maxBytes) return;
  throw new OdoriError(
    "MESSAGE_TOO_LARGE",
    `The message has ${bytes} bytes, more than ${maxBytes}.`,
    { hint: "Send keys instead of whole entities." },
  );
}

/**
 * Writes events as one text for a database: a JSON array of events in structured mode.
 *
 * @example
 * ```ts
 * import type { Writes } from "odori";
 * import { encodeStored } from "odori/cloudevents";
 * import type { Sql } from "odori/sqlite";
 *
 * const enqueue = (sql: Sql, writes: Writes) =>
 *   sql.run("INSERT INTO outbox (events) VALUES (?)", encodeStored(writes.enqueue));
 * ```
 */
export function encodeStored(events: readonly EventEnvelope[]): string {
  return `[${events.map(encodeJson).join(",")}]`;
}

/**
 * Reads what `encodeStored` wrote; throws `MESSAGE_MALFORMED` for any other text.
 *
 * @example
 * ```ts
 * import { decodeStored } from "odori/cloudevents";
 * import type { Sql } from "odori/sqlite";
 *
 * const outbox = (sql: Sql) =>
 *   sql.all("SELECT events FROM outbox").flatMap((row) => decodeStored(String(row.events)));
 * ```
 */
export function decodeStored(text: string): readonly EventEnvelope[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw malformed("it is not a list");
  return list.map((value) => readObject(value, 0));
}

/** Parses JSON in UTF-8; throws `MESSAGE_MALFORMED` or `NUMBER_INEXACT`. */
export function parseJson(bytes: Uint8Array | string): unknown {
  try {
    return parseExactly(
      typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch (cause) {
    if (cause instanceof OdoriError) throw cause;
    throw malformed("it is not JSON in UTF-8", cause);
  }
}

function readObject(value: unknown, now: number, text?: () => string): EventEnvelope {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("it is not a JSON object");
  const members = new Map<string, unknown>(Object.entries(value));
  try {
    const event = { ...readAttributes(members, now), data: readData(members) };
    if (text !== undefined) rememberWithTime(event, text, members.get("time"));
    return event;
  } catch (cause) {
    throw readingError(cause);
  }
}

/** Remembers an event as it was received, with its `time`: a later reader has no other. */
export function rememberWithTime(event: EventEnvelope, text: () => string, time: unknown): void {
  const complete = time !== undefined && time !== null;
  remember(event, complete ? text : () => withAttribute(text(), "time", event.time));
}

function readData(members: ReadonlyMap<string, unknown>): unknown {
  const base64 = members.get("data_base64");
  if (base64 === undefined || base64 === null) return readPayload(members.get("data") ?? null);
  if (members.has("data")) throw malformed("it has both data and data_base64");
  // A contract's payload is JSON, also where a foreign producer encodes it as base64.
  if (typeof base64 !== "string") throw malformed("data_base64 is not a string");
  const mediaType = members.get("datacontenttype");
  if (typeof mediaType === "string") checkMediaType(mediaType);
  return readPayload(parseJson(Buffer.from(base64, "base64")));
}

const JSON_TYPE = /^(?:[\w.-]+\/(?:[\w.+-]+\+)?json)\s*(?:;|$)/i;

/** Throws `MESSAGE_MALFORMED` for the media type of a payload that is not JSON. */
export function checkMediaType(mediaType: string): void {
  if (mediaType !== "" && !JSON_TYPE.test(mediaType))
    throw malformed(`its payload is ${quote(mediaType)}, not JSON`);
}

/**
 * Copies a payload that was received. Throws `PAYLOAD_REFUSED` for one that is JSON, but that a
 * database or another parser may not take.
 */
export function readPayload(value: unknown): unknown {
  try {
    return toPlain(value).data;
  } catch (cause) {
    throw new OdoriError("PAYLOAD_REFUSED", `The payload is refused: ${messageOf(cause)}`, {
      cause,
      hint: "The message is kept as it was received. Have it sent again without that.",
    });
  }
}

const READING_CODES = ["MESSAGE_MALFORMED", "NUMBER_INEXACT", "PAYLOAD_REFUSED"];

/** Keeps the codes that say why a message cannot be read; any other error makes it malformed. */
export function readingError(cause: unknown): OdoriError {
  const known = READING_CODES.includes(codeOf(cause));
  return known && cause instanceof OdoriError ? cause : malformed(messageOf(cause), cause);
}

/** `MESSAGE_MALFORMED`: the message is not an event, for the reason `what`. */
export function malformed(what: string, cause?: unknown): OdoriError {
  return new OdoriError(
    "MESSAGE_MALFORMED",
    `The message is not a CloudEvent of a saga: ${what}.`,
    {
      cause,
      hint: "It needs specversion 1.0, id, source, type and sagaid.",
    },
  );
}
