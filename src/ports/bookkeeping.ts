import type { EventEnvelope } from "../contract/envelope.ts";
import type { DeferredState, NewDeferred, Problem } from "./deferred.ts";
import type { InboxKey, JournalEntry } from "./journal.ts";

/** A delivery that a transaction is about to handle. One call of `receive` takes many. */
export interface Receipt {
  /** Name of the reaction that handles it. */
  readonly reaction: string;
  /** `source` of the event. */
  readonly source: string;
  /** `id` of the event. */
  readonly id: string;
  /** `type` of the event. Its stem is part of the key: the versions of a fact are one delivery. */
  readonly type: string;
  readonly sagaId: string;
  /** Whether the reaction is a join, which needs the events it has gathered so far. */
  readonly gathers: boolean;
  /**
   * Types of events, for `found`. Of a deadline: what calls it off. A process of another version
   * does not call off a deadline that it does not know.
   */
  readonly seeks: readonly string[];
  /** `seq` of the deferred delivery, if this is one that is due again. */
  readonly deferred: number | undefined;
}

/**
 * - `fresh`      not handled yet
 * - `duplicate`  its inbox row exists, be it of another version of the same event
 * - `blocked`    an earlier delivery to this reaction of this saga is deferred
 * - `gone`       a deferred delivery that another process has settled or holds
 * - `busy`       another transaction holds its saga, so nothing is known about it
 */
export type ReceiptStatus = "fresh" | "duplicate" | "blocked" | "gone" | "busy";

/** What the store knows about one receipt. */
export interface Received {
  readonly status: ReceiptStatus;
  /**
   * When the saga began, as the store knows it, in milliseconds since 1970. Undefined for a saga of
   * which nothing was written, or which was forgotten.
   */
  readonly born: number | undefined;
  /** All marks of the saga, by name: effects, `firstOf`, `max`, joins, deadlines. */
  readonly marks: ReadonlyMap<string, string>;
  /** What a join has gathered, oldest first; empty unless the receipt `gathers`. */
  readonly gathered: readonly GatheredEvent[];
  /**
   * Whether the saga has an inbox row that has heard or emitted one of the types that the receipt
   * `seeks`, in any version.
   */
  readonly found: boolean;
}

/** An event that a join keeps until the others have arrived. */
export interface GatheredEvent {
  /** `seq` of its deferred delivery. */
  readonly seq: number;
  readonly event: EventEnvelope;
}

/** Everything that one batch writes, in one call. */
export interface Writes {
  /** Inbox rows to insert. */
  readonly journal: readonly JournalEntry[];
  /** Inbox rows to replace: of deliveries that had been deferred. Each gets a new `seq`. */
  readonly amend: readonly JournalEntry[];
  /** Inbox rows whose delivery came again and was ignored: each counts one more duplicate. */
  readonly duplicates: readonly InboxKey[];
  /** Marks to insert or overwrite. Of two for one mark, the later one counts. */
  readonly marks: readonly MarkWrite[];
  /** Events to put into the outbox, under one ticket. */
  readonly enqueue: readonly EventEnvelope[];
  /** Deferred deliveries to insert. */
  readonly defer: readonly NewDeferred[];
  /**
   * Deferred deliveries to change, with 0 claims. One that no longer blocks makes the next waiting
   * one due.
   */
  readonly redefer: readonly DeferredUpdate[];
  /** `seq` of deferred deliveries to delete. The next one waiting behind each becomes due. */
  readonly settle: readonly number[];
  /** Deadlines (`armed`) to delete, or joined events (`gathered`). */
  readonly drop: readonly (DeferredKey & { readonly state: "armed" | "gathered" })[];
  /** Tickets of outbox rows that the bus has acknowledged: deleted with this commit. */
  readonly confirm: readonly Ticket[];
  /** Outbox rows of which the bus has acknowledged a part: the row keeps only `events`. */
  readonly reduce: readonly OutboxRows[];
  /** Tickets of outbox rows that this process gives up, if it holds them: a `claim` takes them. */
  readonly release: readonly Ticket[];
}

/** Events that one commit put into the outbox. */
export interface OutboxRows {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
}

/** What one `write` has inserted. */
export interface Written {
  /** Ticket of the `enqueue` rows; undefined if there are none. */
  readonly ticket: Ticket | undefined;
  /** `seq` of each `defer` row, in their order. Empty if the reply to a commit was lost. */
  readonly deferred: readonly number[];
  /**
   * Whether a delivery has become due that waited behind one of `redefer` or `settle`.
   *
   * @default true
   */
  readonly released?: boolean;
}

/** A mark of a saga: its name, such as an effect, and its new state. */
export interface MarkWrite {
  readonly sagaId: string;
  readonly name: string;
  readonly state: string;
}

/** A change of a deferred delivery. */
export interface DeferredUpdate {
  readonly seq: number;
  readonly state: DeferredState;
  readonly attempts: number;
  /** Milliseconds from now until it is due, on the database's clock. */
  readonly delayMs: number;
  readonly problem: Problem | undefined;
}

/** The deferred deliveries of one reaction in one saga. */
export interface DeferredKey {
  readonly reaction: string;
  readonly sagaId: string;
}

/**
 * Names the outbox rows of one `write`. A store never uses a ticket twice, not even after it has
 * deleted the rows: a late confirmation would otherwise delete other rows.
 */
export type Ticket = number;
