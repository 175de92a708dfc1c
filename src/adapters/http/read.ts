import { splitBatch, typeOfJson } from "../../cloudevents/batch.ts";
import { decodeValue, HTTP } from "../../cloudevents/binding.ts";
import { readJson, readMessage } from "../../cloudevents/message.ts";
import { checkAttribute } from "../../contract/envelope.ts";
import type { Incoming } from "../../ports/bus.ts";
import { type Reply, refusalOf } from "./reply.ts";

const STRUCTURED = /^application\/cloudevents\s*(?:\+json\s*)?(?:;|$)/i;
const BATCH = /^application\/cloudevents-batch\s*(?:\+json\s*)?(?:;|$)/i;
/** Another event format, such as XML. */
const OTHER_FORMAT = /^application\/cloudevents/i;
const ATTRIBUTE = /^(?:ce-|content-type$)/;
/** Most events of one batch. Each that cannot be read is parked by itself. */
const EVENTS_MAX = 1_000;
/** The topic of a message without a readable type. */
export const UNREADABLE = "unreadable";

/**
 * Reads the events of a request. A message that cannot be read is malformed, and is delivered as
 * such; one that is not a CloudEvent at all gets a reply. `signed` requests are not read in binary
 * mode: their signature does not cover the attributes, which are headers.
 */
export function readRequest(
  headers: Headers,
  body: Uint8Array,
  { signed, now }: { readonly signed: boolean; readonly now: number },
): readonly Incoming[] | Reply {
  const contentType = headers.get("content-type")?.trim() ?? "";
  if (BATCH.test(contentType)) return readBatch(headers, body, now);
  if (STRUCTURED.test(contentType))
    return [readMessage(HTTP, claimedTopic(textOf(body)), { headers: kept(headers), body }, now)];
  if (OTHER_FORMAT.test(contentType)) return unsupported("Events are read in JSON.");
  if (!headers.has("ce-specversion")) return unsupported("The request is not a CloudEvent.");
  if (signed)
    return unsupported("A signature does not cover headers: use structured or batch mode.");
  return [readMessage(HTTP, topicOfHeaders(headers), { headers: kept(headers), body }, now)];
}

function readBatch(headers: Headers, body: Uint8Array, now: number): readonly Incoming[] | Reply {
  const text = textOf(body);
  const events = text === undefined ? undefined : splitBatch(text, EVENTS_MAX);
  if (events === undefined)
    return [readMessage(HTTP, UNREADABLE, { headers: kept(headers), body }, now)];
  if (events.length > EVENTS_MAX)
    return refusalOf(413, `A batch has at most ${EVENTS_MAX} events.`);
  return events.map((event) => readJson(claimedTopic(event), event, now));
}

function unsupported(text: string): Reply {
  return refusalOf(415, text, {
    accept: "application/cloudevents+json, application/cloudevents-batch+json",
  });
}

/** The others change from one attempt to the next: the message must have the same identity. */
function kept(headers: Headers): readonly (readonly [string, string])[] {
  return [...headers].filter(([name]) => ATTRIBUTE.test(name));
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function claimedTopic(text: string | undefined): string {
  return (text === undefined ? undefined : typeOfJson(text)) ?? UNREADABLE;
}

function topicOfHeaders(headers: Headers): string {
  try {
    return checkAttribute("type", decodeValue(HTTP, headers.get("ce-type") ?? ""));
  } catch {
    return UNREADABLE;
  }
}
