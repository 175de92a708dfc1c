import { encodeJson, WIRE_MAX_BYTES } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import { OdoriError } from "../contract/errors.ts";
import { type EventContract, Fact } from "../contract/event.ts";
import { quote } from "../contract/grammar.ts";
import { olderVersions } from "../contract/lineage.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { Environment } from "../ports/environment.ts";
import { derivedId, type EmittingWork } from "./identity.ts";
import { isoTime } from "./iso-time.ts";
import type { ServicePlan } from "./plan.ts";

/** Where an emission comes from: whose work it is, and what it answers. */
export interface Origin extends EmittingWork {
  /** When the saga began, in milliseconds since 1970. */
  readonly born: number;
  readonly sagaId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  /** The trace that the emitted events carry. */
  readonly trace: Partial<TraceContext>;
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

  readonly #published: ReadonlyMap<string, EventContract>;

  constructor(
    { source, published }: Pick<ServicePlan<never>, "source" | "published">,
    environment: Environment,
    maxBytes: number = WIRE_MAX_BYTES,
  ) {
    this.#source = source;
    this.#published = published;
    this.#environment = environment;
    this.#maxBytes = maxBytes;
  }

  /**
   * Envelopes with derived ids, the same whenever the same work is done again. Throws
   * `PAYLOAD_TOO_LARGE`.
   */
  derive(origin: Origin, facts: readonly Fact[]): readonly EventEnvelope[] {
    return facts.map((fact, ordinal) =>
      this.wrap(origin, fact, derivedId(origin, ordinal, origin.born)),
    );
  }

  wrap(origin: Omit<Origin, "born">, fact: Fact, id: string): EventEnvelope {
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
      traceparent: origin.trace.traceparent,
      tracestate: origin.trace.tracestate,
      data: fact.json,
    };
    this.#checkSize(event, fact);
    return event;
  }

  /**
   * Adds the older versions as which events are published too. They have the id of their event: an
   * inbox knows them for the same one. Throws `PAYLOAD_INVALID` or `PAYLOAD_TOO_LARGE`.
   */
  inAllVersions(events: readonly EventEnvelope[]): readonly EventEnvelope[] {
    if (this.#published.size === 0) return events;
    return events.flatMap((event) => [event, ...this.#olderVersions(event)]);
  }

  #olderVersions(event: EventEnvelope): readonly EventEnvelope[] {
    const contract = this.#published.get(event.type);
    if (contract === undefined) return [];
    return olderVersions(contract, event.data).map((fact) => {
      const older = { ...event, type: fact.type, data: fact.json };
      this.#checkSize(older, fact);
      return older;
    });
  }

  #checkSize(event: EventEnvelope, { bytesAtMost }: Fact): void {
    // The bound that the fact carries is far above its true size; only what comes near the limit is
    // measured.
    if (bytesAtMost + ATTRIBUTES_MAX_BYTES <= this.#maxBytes) return;
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
      this.#time = isoTime(now);
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

/** The identity of a list of facts: their types in order. */
export function keyOfFacts(facts: readonly Fact[]): string {
  const [first] = facts;
  return first !== undefined && facts.length === 1
    ? first.type
    : facts.map(({ type }) => type).join(", ");
}

/** The error of a reaction that returned an outcome which it does not declare. */
export function undeclared(
  reaction: string,
  facts: readonly Fact[],
  outcomes: readonly string[],
): OdoriError {
  const shown = (key: string) => (key === "" ? "nothing" : key);
  return new OdoriError(
    "UNDECLARED_OUTCOME",
    `The reaction ${reaction} returned ${shown(keyOfFacts(facts))}.`,
    { hint: `It declares: ${outcomes.map(shown).join("; or ")}.` },
  );
}
