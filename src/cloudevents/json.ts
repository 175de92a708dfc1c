import type { EventEnvelope } from "../contract/envelope.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import { toPlain } from "../contract/plain.ts";
import { readAttributes } from "./attributes.ts";

/**
 * Largest event on the wire, as CloudEvents 1.0 ("Size Limits") asks every intermediary to forward.
 */
export const WIRE_MAX_BYTES = 64 * 1024;

/**
 * The event format of CloudEvents for JSON, structured mode: one object with attributes and `data`.
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
    datacontenttype: "application/json",
    data: event.data,
  });
}

export interface DecodeOptions {
  readonly maxBytes?: number;
  /** Stands in where a foreign event has no `time`, milliseconds since 1970. */
  readonly now: number;
}

/**
 * Reads structured-mode JSON from outside. Throws `MESSAGE_TOO_LARGE`, or `MESSAGE_MALFORMED` with
 * what is wrong and where. Nothing in the text can reach a prototype: attributes are picked by
 * name, and the payload is copied.
 */
export function decodeJson(bytes: Uint8Array | string, options: DecodeOptions): EventEnvelope {
  checkSize(
    typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.byteLength,
    options.maxBytes,
  );
  return readObject(parseJson(bytes), options.now);
}

export function checkSize(bytes: number, maxBytes: number = WIRE_MAX_BYTES): void {
  if (bytes <= maxBytes) return;
  throw new OdoriError(
    "MESSAGE_TOO_LARGE",
    `The message has ${bytes} bytes, more than ${maxBytes}.`,
    {
      hint: "Send keys instead of whole entities.",
    },
  );
}

/** Envelopes as one text for a database: a JSON array. */
export function encodeStored(events: readonly EventEnvelope[]): string {
  return `[${events.map(encodeJson).join(",")}]`;
}

/**
 * Reads what `encodeStored` wrote; throws `MESSAGE_MALFORMED` where somebody else has written
 * there.
 */
export function decodeStored(text: string): readonly EventEnvelope[] {
  const list = parseJson(text);
  if (!Array.isArray(list)) throw malformed("it is not a list");
  return list.map((value) => readObject(value, 0));
}

export function parseJson(bytes: Uint8Array | string): unknown {
  try {
    return JSON.parse(
      typeof bytes === "string" ? bytes : new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    );
  } catch (cause) {
    throw malformed("it is not JSON in UTF-8", cause);
  }
}

function readObject(value: unknown, now: number): EventEnvelope {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("it is not a JSON object");
  const members = new Map<string, unknown>(Object.entries(value));
  try {
    return { ...readAttributes(members, now), data: readData(members) };
  } catch (cause) {
    if (codeOf(cause) === "MESSAGE_MALFORMED") throw cause;
    throw malformed(messageOf(cause), cause);
  }
}

function readData(members: ReadonlyMap<string, unknown>): unknown {
  const base64 = members.get("data_base64");
  if (base64 === undefined || base64 === null) return toPlain(members.get("data") ?? null).data;
  if (members.has("data")) throw malformed("it has both data and data_base64");
  // Payloads of Odori are JSON; bytes that a foreign producer wrapped are JSON too, or no payload
  // of any contract.
  if (typeof base64 !== "string") throw malformed("data_base64 is no text");
  return toPlain(parseJson(Buffer.from(base64, "base64"))).data;
}

export function malformed(what: string, cause?: unknown): OdoriError {
  return new OdoriError("MESSAGE_MALFORMED", `This is no CloudEvent of a saga: ${what}.`, {
    cause,
    hint: "It needs specversion 1.0, id, source, type and sagaid.",
  });
}
