import { encodeBatch } from "../../cloudevents/batch.ts";
import { HTTP } from "../../cloudevents/binding.ts";
import { encodeJson } from "../../cloudevents/json.ts";
import { encodeMessage } from "../../cloudevents/message.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { EndpointSettings } from "./settings.ts";
import { signatureHeaders } from "./signature.ts";

/** A request to a subscriber. */
export interface Outgoing {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPES = {
  structured: "application/cloudevents+json; charset=utf-8",
  batch: "application/cloudevents-batch+json; charset=utf-8",
} as const;

/** Writes events in the mode of the subscriber, signed if it has keys. Only a batch has several. */
export function encodeRequest(
  { mode, keys, headers: own }: EndpointSettings,
  events: readonly EventEnvelope[],
  nowMs: number,
): Outgoing {
  const { headers, body } = inMode(mode, events);
  const signature = keys.length === 0 ? {} : signatureHeaders(keys, body, nowMs);
  return { headers: { ...own, ...headers, ...signature }, body };
}

function inMode(mode: EndpointSettings["mode"], events: readonly EventEnvelope[]): Outgoing {
  const [event] = events;
  if (mode === "batch" || event === undefined)
    return { headers: { "content-type": JSON_TYPES.batch }, body: encodeBatch(events) };
  if (mode === "structured")
    return { headers: { "content-type": JSON_TYPES.structured }, body: encodeJson(event) };
  const { headers, body } = encodeMessage(HTTP, event);
  return { headers: Object.fromEntries(headers), body };
}
