import type { EventEnvelope } from "../contract/envelope.ts";
import type { Deferred, DeferredState, NewDeferred, Problem } from "./deferred.ts";
import type { JournalEntry, JournalRecord } from "./journal.ts";

/**
 * What a transaction is about to handle. One call of `receive` takes many, so that bookkeeping
 * costs one statement a batch.
 */
export interface Receipt {
  readonly reaction: string;
  readonly source: string;
  readonly id: string;
  readonly sagaId: string;
  /**
   * Names of the saga's marks that the decision needs: effects, `once`, `max`, joins, deadlines.
   */
  readonly marks: readonly string[];
  /** A join: what it has gathered so far is wanted as well. */
  readonly gathers: boolean;
  /** The deferred delivery that is due again, if this is one. */
  readonly deferred: number | undefined;
}

/**
 * - `fresh`      handle it
 * - `duplicate`  its inbox row exists
 * - `blocked`    an earlier delivery to this reaction of this saga is put off
 * - `gone`       a deferred delivery that somebody else has settled or holds
 */
export type ReceiptStatus = "fresh" | "duplicate" | "blocked" | "gone";

export interface Received {
  readonly status: ReceiptStatus;
  /** The state of each mark asked for, in the same order. */
  readonly marks: readonly (string | undefined)[];
  readonly gathered: readonly EventEnvelope[];
}

export interface MarkWrite {
  readonly sagaId: string;
  readonly name: string;
  readonly state: string;
}

export interface DeferredUpdate {
  readonly seq: number;
  readonly state: DeferredState;
  readonly attempts: number;
  readonly delayMs: number;
  readonly problem: Problem | undefined;
}

/** The (reaction, saga) whose rows are meant. */
export interface DeferredKey {
  readonly reaction: string;
  readonly sagaId: string;
}

/** Everything that a batch leaves behind, written in one call. */
export interface Writes {
  /**
   * Inserts inbox rows. One that exists makes `write` fail, so that nothing is handled twice in one
   * batch either.
   */
  readonly journal: readonly JournalEntry[];
  /** Replaces the inbox rows of deliveries that had been put off. */
  readonly amend: readonly JournalEntry[];
  readonly marks: readonly MarkWrite[];
  readonly enqueue: readonly EventEnvelope[];
  readonly defer: readonly NewDeferred[];
  /**
   * Changes deferred deliveries; one that blocks no longer makes the next one waiting behind it
   * due.
   */
  readonly redefer: readonly DeferredUpdate[];
  /**
   * Deferred deliveries that are finished: deleted, and the next one waiting behind each becomes
   * due.
   */
  readonly settle: readonly number[];
  /** Deletes an `armed` deadline, or what a join had `gathered`. */
  readonly drop: readonly (DeferredKey & { readonly state: "armed" | "gathered" })[];
  /**
   * Outbox rows that the bus has answered for: deleted with this commit instead of one of their
   * own.
   */
  readonly confirm: readonly Ticket[];
}

/**
 * Names outbox rows that were written together. It is never used again, even after the rows are
 * deleted.
 */
export type Ticket = number;

/**
 * One open transaction. Inbox, fence and outbox are one interface because that they commit
 * together, with the business rows, *is* the product.
 */
export interface StoreTransaction<Native> {
  /**
   * The client's own transaction, handed to handlers. After the transaction has ended, using it
   * throws `TRANSACTION_CLOSED`.
   */
  readonly native: Native;
  /**
   * Whether handlers may use `native` at the same time, so that what they write travels together.
   */
  readonly together: boolean;
  /**
   * Looks up deliveries and locks what was looked up: until this transaction ends, no other one can
   * receive the same delivery or change the same marks. One call holds at most one receipt of a
   * saga; answers come in the order of the receipts.
   */
  receive(receipts: readonly Receipt[]): Promise<readonly Received[]>;
  /**
   * Returns the ticket of `enqueue`; undefined when it was empty. After the `last` one nothing else
   * is done in the transaction: a store may commit along with it, and report then what is wrong
   * with it. Where it could not learn the ticket, but has committed, the relay publishes the rows.
   */
  write(writes: Writes, last?: boolean): Promise<Ticket | undefined>;
}

export interface OutboxRows {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
}

export interface Claimed {
  readonly outbox: readonly OutboxRows[];
  readonly deferred: readonly Deferred[];
  /**
   * Time until the next deferred delivery that was not claimed is due, 0 when it is; undefined when
   * there is none.
   */
  readonly nextDueMs: number | undefined;
}

export interface Session {
  /**
   * The service that owns the database. A database of another service is refused with
   * `STORE_NOT_OURS`.
   */
  readonly service: string;
  /** Names this process for claims; never used twice. */
  readonly owner: string;
  /** A claim ends so long after the last call of `claim`, when its owner is taken for dead. */
  readonly leaseMs: number;
  /** The clock of stores that live on this machine; a database server uses its own. */
  readonly now: () => number;
}

export interface StoreCounts {
  /** Outbox rows that the bus has not answered for. */
  readonly outbox: number;
  /** Age of the oldest of them. */
  readonly outboxOldestMs: number;
  readonly deferred: Readonly<Partial<Record<DeferredState, number>>>;
}

/**
 * Reading a store, and the two things that a person may do to a parked delivery. Needs no session.
 */
export interface StoreInspection {
  /** What happened to a saga in this service, oldest first. */
  journal(sagaId: string): Promise<readonly JournalRecord[]>;
  /** The saga ids last seen, newest first. */
  sagas(limit: number): Promise<readonly string[]>;
  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]>;
  counts(): Promise<StoreCounts>;
  /** Makes a parked delivery due at once, its attempts counted anew. Throws `NOT_PARKED`. */
  retry(seq: number): Promise<Deferred>;
  /**
   * Closes a parked or retrying delivery; what waited behind it becomes due. The row stays, with
   * the reason. Throws `NOT_PARKED`.
   */
  discard(seq: number, reason: string): Promise<Deferred>;
}

/**
 * A service's database. Lifecycle, batching and retry are written once above it: an adapter stays
 * naive.
 */
export interface Store<Native> {
  /** Whether a commit survives the death of the process. */
  readonly durable: boolean;
  readonly inspect: StoreInspection;
  /**
   * Creates or migrates its tables; safe when several processes do it at once. Returns warnings for
   * whoever runs the service, such as a version of the database with a known fault.
   */
  open(session: Session): Promise<readonly string[]>;
  /**
   * Commits when `work` resolves and rolls back when it rejects, with the same error. Whether a
   * failed commit happened is never left open.
   */
  transaction<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T>;
  /**
   * The bookkeeping inside a transaction that the caller opened, and will commit. Its outbox rows
   * are left to the relay.
   */
  join(native: Native): StoreTransaction<Native>;
  /**
   * Renews this process's lease, and takes outbox rows and due deferred deliveries that no live
   * process holds, oldest first, at most `limit` of each. Safe when several processes do it at
   * once: no two of them get the same.
   */
  claim(limit: number): Promise<Claimed>;
  /**
   * Deletes inbox rows older than that, the fence of sagas that have none left, and deferred
   * deliveries that were closed so long ago; at most
   * `limit` of each. Returns how many inbox rows went.
   */
  purge(olderThanMs: number, limit: number): Promise<number>;
  /**
   * Gives up this process's claims, so that another one need not wait for the lease to end, and
   * closes.
   */
  close(): Promise<void>;
}
