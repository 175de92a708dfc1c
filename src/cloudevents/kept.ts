import type { EventEnvelope } from "../contract/envelope.ts";
import type { DeferredBody } from "../ports/deferred.ts";
import { heardOf, remember } from "./heard.ts";
import { decodeJson, decodeStored, encodeStored } from "./json.ts";

/** What a database keeps of an event: the text that was heard, else the event as it is written. */
export function toKept(event: EventEnvelope): DeferredBody {
  const heard = heardOf(event);
  if (heard === undefined) return { malformed: false, text: encodeStored([event]) };
  // A database may refuse a lone surrogate, which text that is not from bytes may have.
  const text = heard.text().toWellFormed();
  return heard.unreadable ? { malformed: true, text } : { malformed: false, text: `[${text}]` };
}

/**
 * Reads what `toKept` made, also a message that could not be read when it came: the rules may have
 * changed. A missing `time` becomes `at` (milliseconds since 1970). Throws as `decodeJson` does.
 */
export function readKept({ malformed, text }: DeferredBody, at: number): EventEnvelope | undefined {
  if (malformed) return decodeJson(text, { now: at, maxBytes: Number.POSITIVE_INFINITY });
  const [event] = decodeStored(text);
  const list = text.trim();
  if (event !== undefined) remember(event, () => list.slice(1, -1));
  return event;
}

/**
 * The event of a body that another program shows; undefined where it shows none. A service that is
 * read over HTTP may keep its payloads to itself.
 */
export function shownEvent({ malformed, text }: DeferredBody): EventEnvelope | undefined {
  if (malformed) return undefined;
  try {
    return decodeStored(text)[0];
  } catch {
    return undefined;
  }
}
