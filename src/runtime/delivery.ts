import { toKept } from "../cloudevents/kept.ts";
import type { EventEnvelope, MessageHead } from "../contract/envelope.ts";
import type { TraceContext } from "../contract/trace-context.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { DeferredBody, NewDeferred } from "../ports/deferred.ts";
import type { Disposition, Emission, JournalEntry } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Attempt } from "./attempt.ts";
import type { Origin } from "./emit.ts";
import { bornAt } from "./identity.ts";

type Deferral = Pick<NewDeferred, "state" | "problem"> &
  Partial<Pick<NewDeferred, "attempts" | "delayMs">>;

/** One message at one reaction or deadline: the rows and log fields that it leads to. */
export class Delivery {
  /** Name of the reaction or deadline. */
  readonly reaction: string;
  readonly message: MessageHead;
  readonly attempt: Attempt;
  readonly #body: () => DeferredBody;

  /** `body` is called only for a delivery that is put off. */
  constructor(reaction: string, message: MessageHead, attempt: Attempt, body: () => DeferredBody) {
    this.reaction = reaction;
    this.message = message;
    this.attempt = attempt;
    this.#body = body;
  }

  /** A delivery of an event; if it has to be kept, then as it was heard. */
  static of(reaction: string, event: EventEnvelope, attempt: Attempt): Delivery {
    return new Delivery(reaction, event, attempt, () => toKept(event));
  }

  /**
   * Asks the inbox and the fence. `gathers` also asks for what a join has gathered, and `seeks`
   * whether the saga has heard or emitted one of these types.
   */
  receipt({ gathers = false, seeks = [] }: Partial<Receipt> = {}): Receipt {
    const { source, id, type, sagaId } = this.message;
    const { deferred } = this.attempt;
    return { reaction: this.reaction, source, id, type, sagaId, gathers, seeks, deferred };
  }

  get fields(): LogFields {
    const { sagaId, correlationId, id: eventId } = this.message;
    return {
      reaction: this.reaction,
      sagaId,
      correlationId,
      eventId,
      attempt: this.attempt.number,
    };
  }

  /** The inbox row. */
  entry(
    disposition: Disposition,
    effect?: string,
    events: readonly EventEnvelope[] = [],
  ): JournalEntry {
    const { source, id, type, sagaId, causationId, correlationId } = this.message;
    const emitted = events.map((event): Emission => ({ id: event.id, type: event.type }));
    const { reaction } = this;
    const attempt = this.attempt.number;
    const key = { reaction, source, id, type, sagaId };
    return { ...key, causationId, correlationId, disposition, effect, emitted, attempt };
  }

  /** The row that keeps the delivery for later. */
  deferral({ state, problem, attempts = 0, delayMs = 0 }: Deferral): NewDeferred {
    const { source, id, type, sagaId } = this.message;
    const { reaction } = this;
    const body = this.#body();
    return { reaction, sagaId, source, id, type, state, attempts, delayMs, problem, body };
  }

  /**
   * What the ids of emitted events derive from; `consumer` names the work. A join works `once` in
   * its saga, and answers no single event: the work is the same, whichever event comes last. The
   * events carry `trace`, else that of their cause, unchanged.
   */
  origin(
    consumer: string,
    received: Received,
    now: number,
    { once = false, trace }: { readonly once?: boolean; readonly trace: TraceContext | undefined },
  ): Origin {
    const { source, id, sagaId, correlationId = sagaId } = this.message;
    return {
      consumer,
      ...(once ? { source: "saga", id: sagaId } : { source, id }),
      born: bornAt(received, this.message, now),
      sagaId,
      correlationId,
      causationId: id,
      trace: trace ?? this.message,
    };
  }
}
