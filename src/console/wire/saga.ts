import type { Action } from "./action.ts";
import type { Millis, OpenDelivery, Payload, Verdict, VerdictCounts } from "./common.ts";

/** Which sagas to list. All filters hold at once. */
export interface SagasQuery {
  /** Verdicts, with commas between them. */
  readonly verdict?: string;
  /** Only sagas that wait for this service, or came to rest at it. */
  readonly at?: string;
  /** Only sagas that wait for one of these events, or came to rest at it: types, with commas. */
  readonly event?: string;
  /** Only sagas that are at least as old as this: `90s`, `5m`, `1h`, `2d`. */
  readonly older?: string;
  /** Only the sagas with this correlation id. */
  readonly correlation?: string;
  /** Only sagas whose id begins so. */
  readonly id?: string;
  /** 1 to 500. Absent: 100. */
  readonly limit?: string;
  /** `next` of the page before. */
  readonly after?: string;
}

/**
 * A page of sagas, the one that began last first; with `id` in the order of ids. It may have fewer
 * than `limit`, or none, and still a next one: a filter without an index looks at 2,000 at a time.
 */
export interface SagasReply {
  readonly sagas: readonly SagaRow[];
  /** Absent on the last page. */
  readonly next?: string;
  /** Of all sagas, also of those that the filters leave out. */
  readonly totals: VerdictCounts;
  /** Whether closed sagas have been forgotten: what is not listed may have been there once. */
  readonly forgets: boolean;
}

export interface SagaRow {
  readonly id: string;
  /** Absent if it is the saga's id. */
  readonly correlationId?: string;
  readonly verdict: Verdict;
  readonly began: Millis;
  readonly last: Millis;
  readonly steps: number;
  /** The type of the event that ended it. Absent: it has not ended. */
  readonly end?: string;
  /** Deliveries that have not come to their end. */
  readonly open: number;
  /** The oldest of them. Absent if there is none. */
  readonly waitsFor?: OpenDelivery;
  /** Where it came to rest. Absent: something may happen by itself, or it has ended. */
  readonly rests?: RestsAt;
  /**
   * Services that may have a part in it, and that were not read: the source cannot be read, or none
   * was named; "" for one without a name. The verdict is what the others tell. Absent: all that
   * concern it were read.
   */
  readonly unread?: readonly string[];
}

/**
 * The step at which a saga came to rest without an end: the last delivery that a person has
 * discarded, else the last step with which nothing has gone on.
 */
export interface RestsAt {
  readonly service: string;
  readonly reaction: string;
  /** The event heard; of a beginning or a deadline, the event emitted. */
  readonly type: string;
  /** What has become of it, as in a `Step`. */
  readonly disposition: string;
  readonly since: Millis;
  /** In a reply about one saga: what it emitted, and nothing has gone on with. */
  readonly emitted?: readonly string[];
}

/** The payloads of an event and of its cause, where they are kept. */
export interface PayloadsReply {
  readonly event?: KeptPayload;
  /** Absent also where the event has no cause. */
  readonly cause?: KeptPayload;
}

export interface KeptPayload {
  readonly type: string;
  readonly payload: Payload;
}

/** Which event of a saga, by its id. */
export interface PayloadsQuery {
  readonly event?: string;
}

/** Which part of a saga. */
export interface SagaQuery {
  /** Steps from this number on. Absent: 0. */
  readonly from?: string;
  /** 1 to 2,000. Absent: 500. */
  readonly limit?: string;
}

/**
 * A saga. Sequence, causes and timeline follow from `steps`, of which each names its cause. Of a
 * saga with more than 20,000 steps only those are read, without an outlook: `stepsRead` is then
 * less than `stepsTotal`.
 */
export interface SagaReply {
  readonly saga: SagaRow;
  /** Everything that it waits for, oldest first: why it stands where it does. At most 100. */
  readonly why: readonly OpenDelivery[];
  /**
   * Absent: no declaration says what the services do, one has unknown links, or a service that may
   * have a part in the saga could not be read.
   */
  readonly outlook?: Outlook;
  /** Whether it is absent because it could not be computed: it took too much time or memory. */
  readonly outlookFailed?: true;
  /** In the order of cause, and then of time. */
  readonly steps: readonly Step[];
  readonly stepsRead: number;
  readonly stepsTotal: number;
  /** Services in the order in which they came into the saga. */
  readonly lanes: readonly string[];
  /** What people have done to it here, the last first, at most 100. */
  readonly actions: readonly Action[];
}

/** One row of a journal. */
export interface Step {
  /** Number of the step in the saga, from 0. */
  readonly n: number;
  readonly service: string;
  readonly reaction: string;
  /** Absent for a beginning. */
  readonly heard?: string;
  readonly eventId: string;
  /** `n` of the step that emitted what was heard. Absent: a beginning, or from outside. */
  readonly cause?: number;
  readonly disposition: string;
  /** Why a person has discarded the delivery. */
  readonly reason?: string;
  /** The effect that was done or undone. */
  readonly effect?: string;
  readonly emitted: readonly { readonly id: string; readonly type: string }[];
  readonly at: Millis;
  /** From the commit of the cause to the beginning of this handler. Absent without `cause`. */
  readonly transitMs?: number;
  /**
   * True if `transitMs` has the time in it for which the delivery was put off: it was tried before,
   * or retried here.
   */
  readonly putOff?: boolean;
  /** Absent: no handler ran, or an older version wrote the row. */
  readonly handlerMs?: number;
  /** Absent: an older version wrote the row. */
  readonly attempt?: number;
  /** How often it came again and was ignored. */
  readonly duplicates: number;
  /** Whether the clocks contradict the cause: `at` lies before that of the cause. */
  readonly clockContradicts: boolean;
  /** Whether no version of the service declares it. */
  readonly undeclared: boolean;
}

/** What can still happen. */
export interface Outlook {
  /** As it is: what was given up on stays so. */
  readonly ahead: Ahead;
  /** If what is parked is retried, or discarded. Absent if nothing is parked. */
  readonly ifRetried?: Ahead;
  readonly ifDiscarded?: Ahead;
  /** The steps that it waits for; of what is parked, as if it ran again. */
  readonly next: readonly NextStep[];
  /** Types that cannot be emitted any more. Empty if not all was explored. */
  readonly cannot: readonly string[];
  /** How many types of events the choreography has. */
  readonly types: number;
  /** If false, `good`, `bad` and `rest` say nothing. */
  readonly endsKnown: boolean;
  /** Why the outlook may be about something else, each in a sentence. */
  readonly doubts: readonly string[];
}

export type Rest = "success" | "failure" | "no end";

export interface Ahead {
  /** Whether all was explored. If not, more of everything may happen. */
  readonly complete: boolean;
  readonly states: number;
  /** The types that may still be emitted. */
  readonly events: readonly string[];
  /** How the saga may come to rest, and how it may with a rule broken. */
  readonly good: readonly Rest[];
  readonly bad: readonly Rest[];
  readonly violations: readonly { readonly code: string; readonly message: string }[];
}

export interface NextStep {
  /** Absent: an event that may come from outside. */
  readonly service?: string;
  /** The reaction or deadline. Absent with `service`. */
  readonly name?: string;
  /** Absent where a deadline passes. */
  readonly hears?: string;
  readonly outcomes: readonly NextOutcome[];
}

export interface NextOutcome {
  readonly kind: "nothing" | "success" | "failure" | "acknowledge" | "late" | "park";
  readonly emits: readonly string[];
  /** What follows in one possible order, if nothing else fails. */
  readonly follows: readonly string[];
  /** Absent: it may go on for ever, or further than was followed. */
  readonly rest?: Rest;
}
