import type { DeadlineDeclaration } from "../choreography/declaration.ts";
import { encodeJson, encodeStored, WIRE_MAX_BYTES } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { Fact } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import type { Environment } from "../ports/environment.ts";
import type { Emission } from "../ports/journal.ts";
import type { Draft } from "./draft.ts";
import { derivedId } from "./identity.ts";
import { deadlineMark } from "./plan.ts";

/** Where an emission comes from: whose work it is, and what it answers. */
export interface Origin {
  /** `payment/order.placed.v1`: service and reaction. */
  readonly consumer: string;
  /**
   * The identity of the work: of the event that was heard, or of the saga for what happens once in
   * it.
   */
  readonly source: string;
  readonly id: string;
  readonly sagaId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly traceparent: string | undefined;
}

/**
 * All that the attributes of an envelope can add to its payload, six bytes a character at worst.
 */
const ATTRIBUTES_MAX_BYTES = 16 * 1024;

/** Turns facts into envelopes of one service. */
export class Emitter {
  readonly #source: string;
  readonly #environment: Environment;
  readonly #maxBytes: number;
  #now = 0;
  #time = "";

  constructor(source: string, environment: Environment, maxBytes: number = WIRE_MAX_BYTES) {
    this.#source = source;
    this.#environment = environment;
    this.#maxBytes = maxBytes;
  }

  /**
   * Envelopes with derived ids, the same whenever the same work is done again. Throws
   * `PAYLOAD_TOO_LARGE`.
   */
  derive(origin: Origin, facts: readonly Fact[]): readonly EventEnvelope[] {
    return facts.map((fact, ordinal) =>
      this.wrap(origin, fact, derivedId(origin.consumer, origin.source, origin.id, ordinal)),
    );
  }

  wrap(origin: Origin, fact: Fact, id: string): EventEnvelope {
    const event: EventEnvelope = {
      specversion: "1.0",
      id,
      type: fact.type,
      source: this.#source,
      time: this.#timestamp(),
      subject: fact.subject,
      sagaId: origin.sagaId,
      correlationId: origin.correlationId,
      causationId: origin.causationId,
      traceparent: origin.traceparent,
      data: fact.data,
    };
    // The bound that the fact carries is far above its true size; only what comes near the limit is
    // measured.
    if (fact.bytesAtMost + ATTRIBUTES_MAX_BYTES > this.#maxBytes) this.#checkSize(event);
    return event;
  }

  #checkSize(event: EventEnvelope): void {
    const bytes = Buffer.byteLength(encodeJson(event));
    if (bytes <= this.#maxBytes) return;
    throw new OdoriError(
      "PAYLOAD_TOO_LARGE",
      `${event.type} would have ${bytes} bytes on the wire, more than ${this.#maxBytes}.`,
      {
        hint: "Send keys instead of whole entities.",
      },
    );
  }

  #timestamp(): string {
    const now = this.#environment.now();
    if (now !== this.#now) {
      this.#now = now;
      this.#time = new Date(now).toISOString();
    }
    return this.#time;
  }
}

/**
 * What a handler returned, as a list. Throws `UNDECLARED_OUTCOME` for anything that no contract
 * made.
 */
export function toFacts(returned: unknown): readonly Fact[] {
  if (returned === undefined) return [];
  const list: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  const facts = list.filter(Fact.is);
  if (facts.length === list.length) return facts;
  throw new OdoriError(
    "UNDECLARED_OUTCOME",
    `The handler returned ${quote(list.find((value) => !Fact.is(value)))}, which no contract made.`,
    {
      hint: "Return what calling a contract returns.",
    },
  );
}

export function emissionsOf(events: readonly EventEnvelope[]): readonly Emission[] {
  return events.map(({ id, type }) => ({ id, type }));
}

export type DeadlineChange = "armed" | "disarmed";

/**
 * Arms and calls off deadlines by what was heard or emitted, in that order. `states` are their
 * marks, one for each. A deadline that was called off before it was armed stays so: what it would
 * have waited for has happened.
 */
export function touchDeadlines<Native>(
  deadlines: readonly DeadlineDeclaration<Native>[],
  states: readonly (string | undefined)[],
  events: readonly EventEnvelope[],
  draft: Draft,
): DeadlineChange | undefined {
  let change: DeadlineChange | undefined;
  deadlines.forEach((deadline, index) => {
    let state = states[index];
    for (const event of events) {
      const { sagaId } = event;
      if (event.type === deadline.armedBy.type && state === undefined) {
        state = change = "armed";
        draft.defer.push(armed(deadline, event));
      } else if (
        (state === undefined || state === "armed") &&
        deadline.unless.some(({ type }) => type === event.type)
      ) {
        if (state === "armed") draft.drop.push({ reaction: deadline.name, sagaId, state: "armed" });
        state = change = "disarmed";
      } else continue;
      draft.marks.push({ sagaId, name: deadlineMark(deadline), state });
    }
  });
  return change;
}

function armed<Native>(deadline: DeadlineDeclaration<Native>, event: EventEnvelope) {
  return {
    reaction: deadline.name,
    sagaId: event.sagaId,
    source: event.source,
    id: event.id,
    state: "armed" as const,
    attempts: 0,
    delayMs: deadline.afterMs,
    problem: undefined,
    body: { malformed: false, text: encodeStored([event]) },
  };
}
