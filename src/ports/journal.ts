/**
 * What became of one delivery to one reaction. Its inbox row says it, so that a saga can be read
 * afterwards.
 *
 * - `done`       the handler ran and returned a success outcome
 * - `refused`    the handler ran and returned a declared failure
 * - `undone`     an undo ran
 * - `barred`     an undo found nothing to undo; from now on its effect cannot be done
 * - `suppressed` a step whose saga has turned back or whose effect exists already; an undo that has
 *                run already; a join that has fired
 * - `late`       `once` was taken or `max` reached: the late outcome
 * - `gathered`   a join has taken the event in and waits for the others
 * - `begun`      the saga was begun here
 * - `armed`, `disarmed`, `expired`   a deadline was armed or called off by what was heard, or has
 *   passed
 * - `retrying`, `waiting`, `parked`, `discarded`   the delivery was put off: see `DeferredState`
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
export type Disposition = (typeof DISPOSITIONS)[number];

export interface Emission {
  readonly id: string;
  readonly type: string;
}

/**
 * One row of the inbox. `reaction`, `source` and `id` are its key: two reactions of a service to
 * one event succeed and fail apart.
 */
export interface JournalEntry {
  readonly reaction: string;
  readonly source: string;
  readonly id: string;
  /** The type that was heard; for a beginning or a deadline, the type that was emitted. */
  readonly type: string;
  readonly sagaId: string;
  readonly causationId: string | undefined;
  readonly disposition: Disposition;
  /** The effect that was done or undone. */
  readonly effect: string | undefined;
  readonly emitted: readonly Emission[];
}

/** A journal entry as it was read back. */
export interface JournalRecord extends JournalEntry {
  /** Milliseconds since 1970, on the database's clock. */
  readonly at: number;
}
