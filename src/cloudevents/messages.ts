import type { Incoming } from "../ports/bus.ts";
import { splitBatch } from "./batch.ts";
import type { Binding } from "./binding.ts";
import { malformed } from "./json.ts";
import { malformedMessage, readJson, readMessage, type WireMessage } from "./message.ts";
import { identityOf } from "./raw.ts";

const BATCH = /^\s*application\/cloudevents-batch\s*(?:\+json\s*)?(?:;|$)/i;
/** Most events of one batch, and most bytes. Each event that cannot be read is parked by itself. */
const EVENTS_MAX = 1_000;
const BYTES_MAX = 1024 * 1024;

/**
 * Reads a message that may be a batch: the events in their order, each as `readMessage` returns
 * it. Each must have the topic as its type. What says that it is a batch, and is none, or has more
 * than 1,000 events or 1 MiB, is one `MalformedMessage`.
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
  const events = (body.length > BYTES_MAX ? undefined : divide(body)) ?? [];
  if (events.length === 0 || events.length > EVENTS_MAX) {
    const error = malformed(
      `its batch is not a JSON array of 1 to ${EVENTS_MAX} events and at most ${BYTES_MAX} bytes`,
    );
    const unread = malformedMessage(topic, body, error);
    return [{ ...unread, id: identityOf(headers, body, place), head: undefined }];
  }
  const id = place ?? identityOf(headers, body);
  return events.map((text, i) => readJson(topic, text, now, `${id}/${i}`));
}

function divide(body: Uint8Array | string): readonly string[] | undefined {
  try {
    const text =
      typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body);
    return splitBatch(text, EVENTS_MAX);
  } catch {
    return undefined;
  }
}
