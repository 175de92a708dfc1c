import type { OutboxRows } from "./bookkeeping.ts";
import type { CensusRow, Declarations } from "./declarations.ts";
import type { Deferred } from "./deferred.ts";
import type { BusFault, StoreInspection } from "./inspection.ts";
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
  readonly declarations: Declarations;
  /** Creates or migrates the tables; several processes may do so at once. */
  open(session: Session): Promise<Opened>;
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
  join(native: Joined<Native>): StoreTransaction<Native>;
  /**
   * Says that this process lives. The runtime calls it several times in each `leaseMs`, beside all
   * else: no transaction of the service may hold it up for long.
   */
  beat(): Promise<void>;
  /**
   * Takes outbox rows and due deferred deliveries that no live process holds, oldest first, at most
   * `limit` of each. Two processes never get the same row.
   *
   * A process lives until another one finds it dead. That one has seen for a moment that the lock
   * of the process is free, where the store has such locks. Or it has watched the process for
   * `leaseMs`, in calls of `claim` that were answered, without a `beat`.
   *
   * Deferred deliveries with claims behind them come before others, and apart from them: after one
   * claim at most `SUSPECTS_TOGETHER`, after more than one claim a single delivery.
   */
  claim(limit: number, options?: ClaimOptions): Promise<Claimed>;
  /**
   * Keeps beside this process's lease how many deliveries the bus holds for the service, as of
   * `askedMs` milliseconds ago: `inspect.counts` tells others. Absent: nothing is ever called
   * unheard.
   */
  putBacklog?(deliveries: number, askedMs: number): Promise<void>;
  /**
   * Keeps beside this process's lease that the service does not hear its bus; undefined: it does
   * again. `inspect.counts` tells others. Absent: others see the outbox grow, and not why.
   */
  putBusFault?(fault: BusFault | undefined): Promise<void>;
  /**
   * Deletes closed sagas: those without a delivery in a state of `OPEN`, and without a write for
   * `olderThanMs`. Examines at most `limit` sagas that are old enough, and goes on behind them at
   * the next call. Deliveries that belong to no saga go one by one, by the same rule.
   */
  purge(olderThanMs: number, limit: number): Promise<Purged>;
  /**
   * Counts deferred deliveries by reaction and state, or marks of sagas by name and state. Reads
   * every row of its kind: there are few deferred deliveries, and as many marks as there are sagas.
   */
  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]>;
  /** Releases this process's claims, and closes the connections. */
  close(): Promise<void>;
}

/**
 * A transaction of the caller's own. Nothing reports what `send` of a handler would tell there, so
 * it need not have it.
 */
export type Joined<Native> = Omit<Native, "send">;

/** The process that opens a store. */
export interface Session {
  /** The service that owns the database. `open` throws `STORE_NOT_OURS` for another service. */
  readonly service: string;
  /** Identifies this process in claims; unique over all processes and restarts. */
  readonly owner: string;
  /** After this many milliseconds without a `beat`, as others have watched, a process is dead. */
  readonly leaseMs: number;
  /**
   * Milliseconds since 1970, for a store on this machine. A store on a server uses the server's
   * clock instead.
   */
  readonly now: () => number;
  /** Identifies the manifest with which the process runs; kept with each inbox row. */
  readonly fingerprint?: string | undefined;
}

/** What `open` has found. */
export interface Opened {
  /** Sentences for the operator, such as about a database version with a known fault. */
  readonly warnings: readonly string[];
  /**
   * What is known of other processes, the first that holds of:
   *
   * - `died`    one has died without leaving
   * - `running` there is one, which may have died lately
   * - `none`    there is none, or each is known to live
   */
  readonly others: "died" | "running" | "none";
}

/** Options of `claim`. */
export interface ClaimOptions {
  /**
   * Most deferred deliveries.
   *
   * @default `limit`
   */
  readonly deferred?: number | undefined;
  /**
   * Takes only the deferred deliveries that the process can handle, and those of `NO_REACTION`.
   *
   * @default all
   */
  readonly known?: KnownParts | undefined;
}

/**
 * The reactions and deadlines of a process by name, and the types of events that each of them
 * reads. `"any"`: each type.
 */
export type KnownParts = ReadonlyMap<string, "any" | readonly string[]>;

/** What one `purge` has done. */
export interface Purged {
  /** How many inbox rows it deleted, about. */
  readonly rows: number;
  /** Whether sagas are left that it has not examined. */
  readonly more: boolean;
}

/**
 * Stands for the reaction of a delivery that belongs to none, such as malformed bytes. No reaction
 * can have this name.
 */
export const NO_REACTION = "-";

/** How many deliveries may be taken together of those that one process has ended with. */
export const SUSPECTS_TOGETHER = 10;

/** How long a store remembers that a process died without leaving. */
export const DEATH_REMEMBERED_MS = 60_000;

/** The rows that one `claim` took. */
export interface Claimed {
  readonly outbox: readonly OutboxRows[];
  readonly deferred: readonly Deferred[];
  /**
   * Milliseconds until the next unclaimed deferred delivery is due; 0 if one is due now, undefined
   * if there is none.
   */
  readonly nextDueMs: number | undefined;
  /** Whether a process has died in the last `DEATH_REMEMBERED_MS`, without leaving. */
  readonly died: boolean;
  /** What this call took over from processes that it, or another one, has found dead. */
  readonly takenOver: TakenOver;
  /**
   * Whether another process has found this one dead since the last call. It may have taken what
   * this one holds.
   */
  readonly lost: boolean;
}

/** Work that one process took over from dead ones. */
export interface TakenOver {
  /** Processes that it was the first to find dead. */
  readonly processes: number;
  /** Events that they may have published, and that are published again. */
  readonly events: number;
  /** Deferred deliveries that they had claimed. */
  readonly deliveries: number;
}

/** Nothing was taken over. */
export const NOTHING_TAKEN_OVER: TakenOver = { processes: 0, events: 0, deliveries: 0 };
