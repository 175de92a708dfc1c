import { isDeepStrictEqual } from "node:util";
import { type EventEnvelope, type Incoming, type MalformedMessage, OdoriError } from "odori";
import { decodeJson, encodeJson } from "odori/cloudevents";
import { readKept, toKept } from "../../src/cloudevents/kept.ts";
import { checkAttribute } from "../../src/contract/envelope.ts";
import { FIRST } from "../../src/runtime/attempt.ts";
import { Delivery } from "../../src/runtime/delivery.ts";
import { malformedDelivery } from "../../src/runtime/undeliverable.ts";
import { eventWithoutData } from "../../src/runtime/unreadable.ts";
import type { Message } from "./edges.ts";

/** Identities that are compared with later ones: a bound of the memory. */
const KNOWN_MAX = 200_000;
const CODES: readonly string[] = [
  "MESSAGE_MALFORMED",
  "MESSAGE_TOO_LARGE",
  "NUMBER_INEXACT",
  "PAYLOAD_REFUSED",
];

/** Looks at what became of each message, and at how long it took. */
export class Judge {
  readonly #known = new Map<string, string>();

  /** Returns what is wrong with a message that was read twice; undefined if nothing is. */
  fault(edge: string, message: Message, first: Incoming, again: Incoming): string | undefined {
    if (identityOf(first) !== identityOf(again)) return "read twice, it has two identities";
    if (Object.keys(Object.prototype).length > 0) return "a prototype was changed";
    return "malformed" in first ? this.#malformed(edge, message, first) : eventFault(first);
  }

  #malformed(edge: string, message: Message, incoming: MalformedMessage): string | undefined {
    const { error, head } = incoming;
    const id = `${edge} ${incoming.id}`;
    if (!CODES.includes(error.code)) return `the code is ${error.code}`;
    if (head !== undefined && head.type !== incoming.topic) return "its head is of another topic";
    const event = eventWithoutData(incoming);
    const kept = event
      ? Delivery.of("r", event, FIRST).deferral({ state: "parked", problem: undefined })
      : malformedDelivery(incoming).delivery.deferral({ state: "parked", problem: undefined });
    const fault = keptFault(kept.body, Date.now());
    if (fault !== undefined) return fault;
    if (this.#known.size > KNOWN_MAX) this.#known.clear();
    const content = this.#known.get(id);
    this.#known.set(id, message.content);
    if (content !== undefined && content !== message.content)
      return `two messages have the identity ${id}: ${content} | ${message.content}`;
    return undefined;
  }
}

function identityOf(incoming: Incoming): string {
  if (!("malformed" in incoming)) return JSON.stringify([incoming.source, incoming.id]);
  return JSON.stringify([incoming.id, incoming.head?.source, incoming.head?.id]);
}

function eventFault(event: EventEnvelope): string | undefined {
  const { data: _, specversion, ...attributes } = event;
  if (specversion !== "1.0") return "its specversion is another one";
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) checkAttribute(name, value);
  const written = encodeJson(event);
  const back = decodeJson(written, { now: 0, maxBytes: Number.POSITIVE_INFINITY });
  if (!isDeepStrictEqual(back, event)) return `written and read again it is another: ${written}`;
  const kept = toKept(event);
  if (!kept.text.isWellFormed()) return "its kept text is not well-formed";
  const again = readKept(kept, 0);
  if (!isDeepStrictEqual(again, event)) return `kept and read again it is another: ${kept.text}`;
  return undefined;
}

/** What a database keeps is read, or refused with an error of ours. */
export function keptFault(body: Parameters<typeof readKept>[0], at: number): string | undefined {
  try {
    readKept(body, at);
    return undefined;
  } catch (error) {
    return error instanceof OdoriError ? undefined : `kept, it cannot be read: ${error}`;
  }
}
