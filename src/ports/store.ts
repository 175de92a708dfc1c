import type { OutboxRows } from "./bookkeeping.ts";
import type { CensusRow, Declarations } from "./declarations.ts";
import type { Deferred } from "./deferred.ts";
import type { StoreInspection } from "./inspection.ts";
import type { DetachedTransaction, StoreTransaction } from "./transaction.ts";

/**
 * A service's database. The runtime owns lifecycle, batching and retry; a store only executes.
 * Every method rejects with a `StoreUnavailableError` while the database cannot be used.
 */
export interface Store<Native> {
  /** Whether a commit survives the death of the process. */
  readonly durable: boolean;
  /** How many transactions the store runs side by side; at least 1. */
  readonly lanes: number;
  readonly inspect: StoreInspection;
  readonly declarations?: Declarations;
  /**
   * Creates or migrates the tables; several processes may do so at once. Resolves to warnings for
   * the operator, such as a database version with a known fault.
   */
  open(session: Session): Promise<readonly string[]>;
  /**
   * Commits when `work` resolves. Rolls back when it rejects, and rejects with the same error. When
   * it rejects after a failed COMMIT, nothing was committed, or repeating the work is harmless.
   */
  transaction<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T>;
  /** A transaction of one handler by itself, which opens when the handler first uses it. */
  detached(): DetachedTransaction<Native>;
  /**
   * The bookkeeping inside a transaction that the caller opened and will commit. The relay
   * publishes its outbox rows.
   */
  join(native: Native): StoreTransaction<Native>;
  /**
   * Renews this process's lease. Takes outbox rows and due deferred deliveries that no live process
   * holds, oldest first, at most `limit` of each. Two processes never get the same row.
   */
  claim(limit: number, options?: ClaimOptions): Promise<Claimed>;
  /**
   * Deletes inbox rows older than `olderThanMs`, the fence of sagas that have no inbox rows left,
   * and deferred deliveries closed before then; at most `limit` of each. Resolves to the number of
   * inbox rows deleted.
   */
  purge(olderThanMs: number, limit: number): Promise<number>;
  /** Counts deferred deliveries by reaction and state, and marks of sagas by name and state. */
  census?(): Promise<readonly CensusRow[]>;
  /** Releases this process's claims before their lease expires, and closes the connections. */
  close(): Promise<void>;
}

/** The process that opens a store. */
export interface Session {
  /** The service that owns the database. `open` throws `STORE_NOT_OURS` for another service. */
  readonly service: string;
  /** Identifies this process in claims; unique over all processes and restarts. */
  readonly owner: string;
  /** Claims expire this many milliseconds after the last `claim`. */
  readonly leaseMs: number;
  /**
   * Milliseconds since 1970, for a store on this machine. A store on a server uses the server's
   * clock instead.
   */
  readonly now: () => number;
}

/** Options of `claim`. */
export interface ClaimOptions {
  /**
   * Takes only deferred deliveries of these reactions, and of `NO_REACTION`.
   *
   * @default all
   */
  readonly known?: ReadonlySet<string> | undefined;
}

/**
 * Stands for the reaction of a delivery that belongs to none, such as malformed bytes. No reaction
 * can have this name.
 */
export const NO_REACTION = "-";

/** The rows that one `claim` took. */
export interface Claimed {
  readonly outbox: readonly OutboxRows[];
  readonly deferred: readonly Deferred[];
  /**
   * Milliseconds until the next unclaimed deferred delivery is due; 0 if one is due now, undefined
   * if there is none.
   */
  readonly nextDueMs: number | undefined;
}
