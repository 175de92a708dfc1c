/**
 * A delivery that is kept in the service's own database instead of on the bus.
 *
 * - `armed`     a deadline that fires when it is due
 * - `gathered`  an event that a join keeps until the others have arrived
 * - `retrying`  failed, and due again later
 * - `waiting`   arrived while an earlier delivery to the same reaction of the same saga was
 *               retrying, waiting or parked; due once that one is settled
 * - `parked`    given up on; kept with its error until a person retries or discards it
 * - `answered`  given up on, and the reaction's `onParked` event was emitted: it blocks nothing and
 *               cannot be retried
 * - `discarded` closed by a person, with a reason
 */
export const DEFERRED_STATES = [
  "armed",
  "gathered",
  "retrying",
  "waiting",
  "parked",
  "answered",
  "discarded",
] as const;
/** See `DEFERRED_STATES`. */
export type DeferredState = (typeof DEFERRED_STATES)[number];

/** States that block later deliveries of the same saga to the same reaction. */
export const BLOCKING: readonly DeferredState[] = ["retrying", "waiting", "parked"];

/** States that keep a saga open: retention deletes nothing of it. */
export const OPEN: readonly DeferredState[] = ["armed", "retrying", "waiting", "parked"];

/** The error that deferred a delivery. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly stack: string | undefined;
  /**
   * Whether a person has had the delivery retried although what its saga did is forgotten
   * (`FENCE_FORGOTTEN`): its later attempts run as well.
   * @default false
   */
  readonly accepted?: boolean;
}

/** What a deferred delivery will deliver. */
export interface DeferredBody {
  /** Whether `text` is a message that could not be read, instead of an event. */
  readonly malformed: boolean;
  /**
   * A JSON list of one event in structured mode, as it was heard: with attributes that Odori does
   * not know, and numbers as they were written. Or `raw` of the malformed message.
   */
  readonly text: string;
}

/** A deferred delivery to insert. */
export interface NewDeferred {
  readonly reaction: string;
  readonly sagaId: string;
  readonly source: string;
  readonly id: string;
  /** Type of the event, as in the inbox row. */
  readonly type: string;
  readonly state: DeferredState;
  readonly attempts: number;
  /** Milliseconds from now until it is due, on the database's clock; for `retrying`, `armed`. */
  readonly delayMs: number;
  readonly problem: Problem | undefined;
  readonly body: DeferredBody;
  /**
   * Whether the process keeps it in hand, as if it had claimed it, but with 0 claims: no other one
   * takes it while the lease of this one lasts. A transaction of the caller's own holds nothing.
   *
   * @default false
   */
  readonly held?: boolean;
}

/** A deferred delivery as it was read. */
export interface Deferred {
  /** Identifies the row, and orders the deliveries that wait for each other. */
  readonly seq: number;
  readonly reaction: string;
  readonly sagaId: string;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly state: DeferredState;
  readonly attempts: number;
  /**
   * How often it was claimed since it was last deferred. Above 1, a process has claimed it and
   * ended without an outcome.
   */
  readonly claims: number;
  /** When it is due: milliseconds since 1970, on the database's clock. */
  readonly dueAt: number;
  readonly problem: Problem | undefined;
  readonly body: DeferredBody;
  /** When it was first deferred: milliseconds since 1970, on the database's clock. */
  readonly at: number;
  /** Why a person discarded it. */
  readonly reason: string | undefined;
}
