import type { EventEnvelope } from "../contract/envelope.ts";

/** An event as it was received. */
export interface Heard {
  /** The event in structured mode, as text: its payload and its attributes are verbatim. */
  readonly text: () => string;
  /** Whether its payload could not be read: then `text` is the raw message. */
  readonly unreadable: boolean;
}

/*
 * An envelope lacks unknown attributes, and how a number was written. So its text is kept beside
 * it, for the time that the envelope is in memory.
 */
const HEARD = new WeakMap<EventEnvelope, Heard>();

/** Remembers how an event was received. `text` is called only if the event has to be kept. */
export function remember(event: EventEnvelope, text: () => string, unreadable = false): void {
  HEARD.set(event, { text, unreadable });
}

/** How an event was received; undefined for one that was made here. */
export function heardOf(event: EventEnvelope): Heard | undefined {
  return HEARD.get(event);
}

/** Adds an attribute to an event in structured mode; of two with one name, the later counts. */
export function withAttribute(text: string, name: string, value: string): string {
  return `${text.trimEnd().slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
}
