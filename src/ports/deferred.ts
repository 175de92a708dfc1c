/**
 * A delivery that is kept in the service's own database instead of on the bus.
 *
 * - `armed`     a deadline that will fire when it is due
 * - `gathered`  an event that a join keeps until the others have arrived
 * - `retrying`  failed, and due again later
 * - `waiting`   came to a reaction and saga that already has a retrying, waiting or parked
 *               delivery; due once that one is settled
 * - `parked`    given up on, kept with its error until a person retries or discards it
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
export type DeferredState = (typeof DEFERRED_STATES)[number];

/** A later delivery to the same reaction of the same saga waits behind these. */
export const BLOCKING: readonly DeferredState[] = ["retrying", "waiting", "parked"];

/** Nothing more will happen to these: they are kept to be read, as long as inbox rows are. */
export const CLOSED: readonly DeferredState[] = ["answered", "discarded"];

export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/**
 * The event of a deferred delivery, as `encodeStored` of `cloudevents/` writes it, or text that
 * never was one.
 */
export interface DeferredBody {
  readonly malformed: boolean;
  readonly text: string;
}

export interface NewDeferred {
  readonly reaction: string;
  readonly sagaId: string;
  readonly source: string;
  readonly id: string;
  readonly state: DeferredState;
  readonly attempts: number;
  /** From now, on the database's clock; for `retrying` and `armed`. */
  readonly delayMs: number;
  readonly problem: Problem | undefined;
  readonly body: DeferredBody;
}

export interface Deferred {
  readonly seq: number;
  readonly reaction: string;
  readonly sagaId: string;
  readonly source: string;
  readonly id: string;
  readonly state: DeferredState;
  readonly attempts: number;
  /** Milliseconds since 1970, on the database's clock. */
  readonly dueAt: number;
  readonly problem: Problem | undefined;
  readonly body: DeferredBody;
  /** When it was put off for the first time. */
  readonly at: number;
  /** Why a person closed it. */
  readonly reason: string | undefined;
}
