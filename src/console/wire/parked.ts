import type { Millis, Payload, Verdict } from "./common.ts";
import type { Rest, SagasQuery } from "./saga.ts";

/** Which parked deliveries. */
export interface ParkedFilter {
  readonly service?: string;
  readonly reaction?: string;
  /** The code of the error. */
  readonly code?: string;
}

export interface ParkedQuery extends ParkedFilter {
  /** 1 to 500. Absent: 100. */
  readonly limit?: string;
  /** `next` of the page before. */
  readonly after?: string;
}

/** A page of parked deliveries, oldest first. */
export interface ParkedReply {
  readonly parked: readonly ParkedRow[];
  readonly next?: string;
  readonly total: number;
}

export interface ParkedRow {
  /** As actions take it: `payment/3`. */
  readonly id: string;
  readonly service: string;
  readonly reaction: string;
  readonly sagaId: string;
  readonly type: string;
  /** Since it began, or was retried by a person. */
  readonly attempts: number;
  /** When it was first put off. */
  readonly since: Millis;
  /** When it was last retried here, and has failed again. Absent: it was not. */
  readonly retried?: Millis;
  /** Absent: it was parked without an error, behind another one. */
  readonly problem?: { readonly code: string; readonly message: string };
  /** If payloads are allowed. */
  readonly payload?: Payload;
}

/** Parked deliveries that failed in the same way. */
export interface ParkedGroup {
  readonly service: string;
  readonly reaction: string;
  readonly code: string;
  readonly deliveries: number;
  readonly sagas: number;
  readonly oldest: Millis;
  readonly newest: Millis;
  /** Of the newest. */
  readonly message: string;
}

/** The largest group first, at most 500. */
export interface ParkedGroupsReply {
  readonly groups: readonly ParkedGroup[];
  readonly total: number;
}

/** What an action is about: deliveries by their ids, at most 1,000, or all that a filter has. */
export type Chosen = { readonly ids: readonly string[] } | { readonly filter: ParkedFilter };

/** What an action would do. Changes nothing. */
export type Preview = Chosen & { readonly action: "retry" | "discard" };

export interface PreviewReply {
  readonly action: "retry" | "discard" | "republish";
  /** Of `republish`: sagas. */
  readonly deliveries: number;
  readonly sagas: number;
  /**
   * Sagas that were looked into; the fields below are about them. Fewer than `sagas` if there are
   * more than 200, or where no declaration says what may happen.
   */
  readonly looked: number;
  /** How these sagas may end afterwards: a saga that may end in several ways counts for each. */
  readonly ends: readonly {
    readonly rest: Rest;
    readonly wrongly: boolean;
    readonly sagas: number;
  }[];
  /** Where they stand at once afterwards. */
  readonly become: readonly { readonly verdict: Verdict; readonly sagas: number }[];
  /** Effects that are done and would stay so: `payment: payment.authorized`. Only of `discard`. */
  readonly staysDone: readonly { readonly effect: string; readonly sagas: number }[];
  /** Rules that may be broken afterwards. */
  readonly violations: readonly {
    readonly code: string;
    readonly message: string;
    readonly sagas: number;
  }[];
  /** Whether all that may happen was explored. */
  readonly complete: boolean;
  /** Services of the deliveries that cannot be reached now: nothing is changed there. */
  readonly unread?: readonly string[];
  /** Services of the deliveries without a live process: nothing happens until they run. */
  readonly notRunning?: readonly string[];
  /** Of `republish`: among the first 200, those of whose events no database has the payload. */
  readonly notKept?: number;
}

/** Retries deliveries, as a job. */
export type Retry = Chosen & {
  /** Deliveries a second. Absent: 10. From 0.1 to 1,000. */
  readonly perSecond?: number;
  /** Whether to begin with one a second and to double that each five seconds. Absent: true. */
  readonly ramp?: boolean;
};

/** Discards deliveries, as a job. */
export type Discard = Chosen & {
  /** Why they need no handling. Kept with each delivery. */
  readonly reason: string;
};

/** Sagas with an event that a service never got: one, with one of its events, or several. */
export type Unheard =
  | { readonly saga: string; readonly event?: string }
  | { readonly filter: UnheardFilter };

/** Which unheard sagas, as `SagasQuery` has it. */
export type UnheardFilter = Pick<SagasQuery, "at" | "event" | "older" | "correlation" | "id">;

/** Publishes the events again that some services never got, saga by saga, as a job. */
export type Republish = Unheard & Pick<Retry, "perSecond" | "ramp">;

/**
 * Why a job has stopped before its end: a person wanted that, too many failed one after the other,
 * or most of those that were retried are parked again.
 */
export type JobStop = "asked" | "failures" | "in vain";

/** Acts on one delivery or saga after the other. Kept in memory: a new process knows none. */
export interface Job {
  readonly id: string;
  readonly action: "retry" | "discard" | "republish";
  readonly state: "running" | "done" | "stopped";
  /** Why it has stopped: see `JobStop`. Absent while it has not. */
  readonly stop?: JobStop;
  readonly began: Millis;
  readonly total: number;
  readonly done: number;
  /**
   * Those that could not be changed: another person was faster, the payload is not kept, or the
   * store is away.
   */
  readonly failed: number;
  /** Of the last 20,000 that were retried: those that are parked again. Grows while it runs. */
  readonly parkedAgain: number;
  /** The rate now. */
  readonly perSecond: number;
  /** The last errors, at most 10. */
  readonly problems: readonly { readonly id: string; readonly code: string }[];
}

export interface JobsReply {
  readonly jobs: readonly Job[];
}
