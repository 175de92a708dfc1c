import { checkAttribute, type EventEnvelope } from "../contract/envelope.ts";
import { encodeStored } from "./json.ts";

/**
 * Writes events in the JSON batch format of CloudEvents: an array of events in structured mode.
 *
 * @example
 * ```ts
 * import type { EventEnvelope } from "odori";
 * import { encodeBatch } from "odori/cloudevents";
 *
 * const send = (events: readonly EventEnvelope[]) =>
 *   fetch("https://partner.example/events", {
 *     method: "POST",
 *     headers: { "content-type": "application/cloudevents-batch+json" },
 *     body: encodeBatch(events),
 *   });
 * ```
 */
export function encodeBatch(events: readonly EventEnvelope[]): string {
  return encodeStored(events);
}

/**
 * Divides a batch into its events, each the text that was received: read one with `readJson`.
 * Undefined if the text is not a JSON array. Of more than `max` events only `max + 1` are returned.
 *
 * @example
 * ```ts
 * import { readJson, splitBatch, typeOfJson } from "odori/cloudevents";
 *
 * const read = (body: string) =>
 *   splitBatch(body, 100)?.map((text) => readJson(typeOfJson(text) ?? "?", text, Date.now()));
 * ```
 */
export function splitBatch(text: string, max: number): readonly string[] | undefined {
  try {
    if (!Array.isArray(JSON.parse(text))) return undefined;
  } catch {
    return undefined;
  }
  // The text is valid JSON: strings and brackets are all that matters from here.
  const parts: string[] = [];
  let depth = 0;
  let from = text.indexOf("[") + 1;
  for (let at = from - 1; at < text.length && parts.length <= max; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at);
    else if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    const ends = (char === "," && depth === 1) || (char === "]" && depth === 0);
    if (!ends) continue;
    const part = text.slice(from, at).trim();
    if (part !== "") parts.push(part);
    from = at + 1;
  }
  return parts;
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}

/**
 * The type of an event in structured mode, before it is read; undefined without a usable one.
 * A bus without topics uses the type as the topic.
 *
 * @example
 * ```ts
 * import { readJson, typeOfJson } from "odori/cloudevents";
 *
 * const read = (body: string) => readJson(typeOfJson(body) ?? "unreadable", body, Date.now());
 * ```
 */
export function typeOfJson(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    return checkAttribute("type", new Map<string, unknown>(Object.entries(value)).get("type"));
  } catch {
    return undefined;
  }
}
