/**
 * How one delivery to one reaction ended, as its inbox row records it.
 *
 * - `done`       the handler ran and returned a success outcome
 * - `refused`    the handler ran and returned a declared failure
 * - `undone`     an undo ran
 * - `barred`     an undo found nothing to undo; its effect can no longer be done
 * - `suppressed` the reaction did not run: its saga has turned back, its effect exists, its undo
 *                has run, or its join has fired
 * - `late`       the `firstOf` name was taken or `max` reached: the late outcome
 * - `gathered`   a join has kept the event and waits for the others
 * - `begun`      the saga was begun here
 * - `armed`, `disarmed`, `expired`   a deadline was armed, was cancelled, or has passed
 * - `retrying`, `waiting`, `parked`, `discarded`   the delivery is deferred: see `DeferredState`
 */
export const DISPOSITIONS = [
  "done",
  "refused",
  "undone",
  "barred",
  "suppressed",
  "late",
  "gathered",
  "begun",
  "armed",
  "disarmed",
  "expired",
  "retrying",
  "waiting",
  "parked",
  "discarded",
] as const;
/** See `DISPOSITIONS`. */
export type Disposition = (typeof DISPOSITIONS)[number];

/** An event that a delivery emitted. */
export interface Emission {
  readonly id: string;
  readonly type: string;
}

/**
 * Names one row of the inbox; of `type`, only the stem counts. Two reactions of a service to one
 * event succeed and fail independently, and a fact that comes in two versions is handled once.
 */
export interface InboxKey {
  readonly reaction: string;
  readonly source: string;
  readonly id: string;
  /** Type of the event heard; for a beginning or a deadline, type of the event emitted. */
  readonly type: string;
  readonly sagaId: string;
}

/** One row of the inbox. */
export interface JournalEntry extends InboxKey {
  readonly causationId: string | undefined;
  /** The business transaction that the saga is part of. The store keeps the first of a saga. */
  readonly correlationId?: string | undefined;
  readonly disposition: Disposition;
  /** The effect that was done or undone. */
  readonly effect: string | undefined;
  readonly emitted: readonly Emission[];
  /** Number of the attempt that ended so; 1 for the first time. */
  readonly attempt?: number | undefined;
  /** How long the handler ran, in milliseconds; undefined if none ran. */
  readonly durationMs?: number | undefined;
}

/** An inbox row as it was read. */
export interface JournalRecord extends Omit<JournalEntry, "correlationId"> {
  /** Place in the feed: each write of a row gives it the next number, also a later change. */
  readonly seq: number;
  /** How often the delivery came again and was ignored. Counting one does not change `seq`. */
  readonly duplicates: number;
  /** `Session.fingerprint` of the process that wrote it. */
  readonly fingerprint: string | undefined;
  /** Milliseconds since 1970, on the database's clock. */
  readonly at: number;
}
