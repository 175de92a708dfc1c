import { OdoriError } from "../contract/errors.ts";
import type { Incoming } from "../ports/bus.ts";
import { splitBatch } from "./batch.ts";
import type { Binding } from "./binding.ts";
import { checkSize, malformed } from "./json.ts";
import { malformedMessage, readJson, readMessage, type WireMessage } from "./message.ts";
import { identityOf } from "./raw.ts";

const BATCH = /^\s*application\/cloudevents-batch\s*(?:\+json\s*)?(?:;|$)/i;
/** Most events of one batch, and most bytes. Each event that cannot be read is parked by itself. */
const EVENTS_MAX = 1_000;
const BYTES_MAX = 1024 * 1024;

/**
 * Reads a message that may be a batch: the events in their order, each as `readMessage` returns
 * it. Each must have the topic as its type. What says that it is a batch, and is none, or has no
 * event, more than 1,000 of them or 1 MiB, is one `MalformedMessage`.
 *
 * @example
 * ```ts
 * import type { Deliver } from "odori";
 * import { NATS, readMessages, type WireMessage } from "odori/cloudevents";
 *
 * const receive = (topic: string, message: WireMessage, deliver: Deliver) =>
 *   Promise.all(readMessages(NATS, topic, message, Date.now()).map(deliver));
 * ```
 */
export function readMessages(
  binding: Binding,
  topic: string,
  message: WireMessage,
  now: number,
): readonly Incoming[] {
  const headers = [...message.headers];
  const [, contentType = ""] = headers.find(([name]) => /^content-type$/i.test(name)) ?? [];
  return BATCH.test(contentType)
    ? eventsOfBatch(topic, { ...message, headers }, now)
    : [readMessage(binding, topic, { ...message, headers }, now)];
}

/** Reads the events of a batch, as `readMessages` does. */
export function eventsOfBatch(
  topic: string,
  { headers, body, place }: WireMessage,
  now: number,
): readonly Incoming[] {
  let events: readonly string[];
  try {
    events = divide(body);
  } catch (error) {
    if (!(error instanceof OdoriError)) throw error;
    const id = identityOf(headers, body, place);
    return [{ ...malformedMessage(topic, body, error), id, head: undefined }];
  }
  // Of the whole batch, and so computed once, and only where an event cannot be read.
  let own: string | undefined;
  return events.map((text, i) => {
    const incoming = readJson(topic, text, now);
    if (!("malformed" in incoming)) return incoming;
    own ??= identityOf(headers, body, place);
    return { ...incoming, id: `${own}/${i}` };
  });
}

/** Throws `MESSAGE_TOO_LARGE` or `MESSAGE_MALFORMED`. */
function divide(body: Uint8Array | string): readonly string[] {
  checkSize(typeof body === "string" ? Buffer.byteLength(body) : body.byteLength, BYTES_MAX);
  const events = splitBatch(textOf(body), EVENTS_MAX) ?? [];
  if (events.length === 0 || events.length > EVENTS_MAX)
    throw malformed(`its batch is not a JSON array of 1 to ${EVENTS_MAX} events`);
  return events;
}

function textOf(body: Uint8Array | string): string {
  if (typeof body === "string") return body;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw malformed("its batch is not UTF-8", cause);
  }
}
