import type { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received, Writes, Written } from "./bookkeeping.ts";

/**
 * One open transaction. Inbox, fence and outbox are one interface because they must commit
 * together, and together with the business rows.
 */
export interface StoreTransaction<Native> {
  /**
   * The client's own transaction. After the transaction has ended, using it throws
   * `TRANSACTION_CLOSED`. Handlers get the one of their `scope`.
   */
  readonly native: Native;
  /**
   * Waits until no other process of the service runs its `setup`, and holds others back until the
   * transaction ends. Absent where transactions exclude one another in any case.
   */
  alone?(): Promise<void>;
  /**
   * Opens the scope of one handler. The transaction has one open scope at a time: handlers run one
   * after the other, as if each had a transaction of its own.
   */
  scope(options?: ScopeOptions): HandlerScope<Native>;
  /**
   * Opens the scopes of several handlers of one statement each. Only a store whose statements cost
   * a round trip has it.
   */
  together?(): Together<Native>;
  /**
   * Looks up deliveries and locks their sagas. Until this transaction ends, no other transaction
   * can receive a delivery of them or change their marks. A saga that another transaction holds is
   * not waited for: its status is `busy`. Each receipt of one call is of a different saga. Results
   * are in the order of the receipts.
   */
  receive(receipts: readonly Receipt[]): Promise<readonly Received[]>;
  /**
   * Writes the bookkeeping of a batch. Rejects with `DUPLICATE_DELIVERY` if an inbox row exists.
   */
  write(writes: Writes, options?: WriteOptions): Promise<Written>;
}

/** Options of `StoreTransaction.write`. */
export interface WriteOptions {
  /**
   * Whether this is the last statement of the transaction. If so, the store may commit in the same
   * round trip, and may report a failure of the write when it commits. If the reply is lost after
   * a commit, the ticket stays unknown; the relay then publishes the rows.
   *
   * @default false
   */
  readonly last?: boolean;
}

/** Options of `StoreTransaction.scope`. */
export interface ScopeOptions {
  /**
   * Whether the transaction has this handler alone, which may then also change the session.
   *
   * @default false
   */
  readonly exclusive?: boolean;
}

/** One handler inside a transaction: what it wrote can be undone without its neighbours. */
export interface HandlerScope<Native> {
  /** The client's own transaction, which the handler gets. Later it throws `TRANSACTION_CLOSED`. */
  readonly native: Native;
  /** Whether the handler has used `native`. Until then nothing is locked or written for it. */
  readonly touched: boolean;
  /**
   * In how many round trips the handler's statements have travelled: those that it issued before
   * the first reply share one.
   */
  readonly flights: number;
  /**
   * Whether a statement of the handler has met another transaction (a deadlock, a lock that was
   * not had in time, a serialization failure, a cancelled statement). One that `undo` interrupted
   * has done so if it waited for a lock.
   */
  readonly contended: boolean;
  /**
   * Whether another transaction of the same store held the lock that it waited for. Only a store
   * with a lock for each row has it.
   */
  readonly crowded?: boolean;
  /**
   * Whether a statement was refused that needs a transaction of the handler's own: no other
   * transaction was in the way.
   *
   * @default false
   */
  readonly needsOwn?: boolean;
  /** Whether a statement has no reply yet. Only a store with `together` has it. */
  readonly unanswered?: boolean;
  /**
   * Whether a statement of the handler has lost the connection, of which the handler may know
   * nothing: the server was shut down, has crashed, or cannot be reached. A time limit for
   * statements and for idle transactions does not count. Only a networked store has it.
   *
   * @default false
   */
  readonly lost?: boolean;
  /**
   * How the connection has ended, where it did so between two statements. Absent: it has not, as
   * far as is known. Only a networked store has it.
   */
  readonly ended?: "timeout" | "lost" | undefined;
  /**
   * Told once the handler has returned or thrown, also after `detach`. Nothing awaits a later
   * statement, so its rejection would only end the process. It does nothing, returns nothing (its
   * promise never settles), and `report` is called with `STATEMENT_NOT_AWAITED`. One that comes
   * before `keep` or `complete` is the delivery's failure as well.
   */
  returned(report: (error: OdoriError) => void): void;
  /**
   * Resolves once each statement of `send` has ended, and rejects with the failure of the first
   * that failed. Undefined: there is none to wait for.
   */
  sent?(): Promise<void> | undefined;
  /**
   * Closes `native` and keeps what the handler wrote. Rejects with `STATEMENT_NOT_AWAITED` when a
   * statement is still under way, or with `TRANSACTION_ENDED` when the handler ended the
   * transaction.
   */
  keep(): void | Promise<void>;
  /**
   * Closes `native`, interrupts a statement under way, and undoes what the handler wrote. Rejects
   * with `TRANSACTION_ENDED` when the transaction cannot go on.
   */
  undo(): void | Promise<void>;
  /** Takes a handler that has not touched `native` out of the transaction. */
  detach(): DetachedTransaction<Native>;
}

/**
 * Handlers of one statement each, whose statements travel together. The server runs them one after
 * the other, so handlers see what they would see if each ran by itself.
 */
export interface Together<Native> {
  /**
   * Makes the scope of one handler. Of its later statements those are refused before which another
   * one of the handlers has issued its own.
   */
  scope(): HandlerScope<Native>;
  /**
   * The scopes whose statement failed or was refused: what all of them wrote has to be undone.
   */
  readonly culprits: ReadonlySet<HandlerScope<Native>>;
  /** Keeps what all of them wrote, and what they have sent if it does not fail. */
  keep(): void;
  /** Refuses later statements, interrupts those under way, and waits for their replies. */
  interrupt(): Promise<void>;
  /** Interrupts the statements under way, and undoes what all of them wrote. */
  undo(): Promise<void>;
}

/**
 * A transaction of one handler by itself. It opens when the handler first uses `native`, so a
 * handler that waits for another system before it writes holds nothing meanwhile.
 */
export interface DetachedTransaction<Native> {
  readonly native: Native;
  readonly contended: boolean;
  /** As `HandlerScope.lost`. */
  readonly lost?: boolean;
  /** As `HandlerScope.ended`. */
  readonly ended?: "timeout" | "lost" | undefined;
  /** As `HandlerScope.returned`. */
  returned(report: (error: OdoriError) => void): void;
  /**
   * Resolves once each statement of `send` has ended, and rejects with the failure of the first
   * that failed. Undefined: there is none to wait for.
   */
  sent?(): Promise<void> | undefined;
  /**
   * Closes `native`, runs `work` in the handler's transaction (or in a new one, where there is
   * none), and commits. Rejects as `HandlerScope.keep`, and undoes everything when `work` rejects.
   */
  complete<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T>;
  /**
   * Closes `native`, interrupts a statement under way, and undoes what the handler wrote. May be
   * called more than once. Rejects with a `StoreUnavailableError` if the transaction could not be
   * opened: the handler has failed through no fault of its own.
   */
  abandon(): Promise<void>;
}
