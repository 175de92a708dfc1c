/** What became of one delivery to one reaction. Its inbox row says it, so that a saga can be read afterwards. */
export type Disposition =
  /** The handler ran and returned a success outcome. */
  | "done"
  /** The handler ran and returned a declared failure. */
  | "refused"
  /** An undo ran. */
  | "undone"
  /** An undo found nothing to undo; from now on its effect is barred. */
  | "barred"
  /** A step whose saga has turned back, or whose effect exists already; an undo that has run already; a join that has fired. */
  | "suppressed"
  /** `once` was taken or `max` reached: the late outcome. */
  | "late"
  /** A join has taken the event in and waits for the others. */
  | "gathered"
  /** The saga was begun here. */
  | "begun"
  /** A deadline was armed, disarmed by what was heard, or has passed. */
  | "armed"
  | "disarmed"
  | "expired"
  /** The delivery was put off: it will be tried again, waits behind another one, was given up on, or was closed by a person. */
  | "retrying"
  | "waiting"
  | "parked"
  | "discarded";

export interface Emission {
  readonly id: string;
  readonly type: string;
}

/** One row of the inbox. `reaction`, `source` and `id` are its key: two reactions of a service to one event succeed and fail apart. */
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
