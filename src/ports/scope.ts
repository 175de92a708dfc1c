import type { StoreTransaction } from "./bookkeeping.ts";

/** One handler inside a transaction: what it wrote can be undone without its neighbours. */
export interface HandlerScope<Native> {
  /** The client's own transaction, handed to the handler. Refused with `TRANSACTION_CLOSED` later. */
  readonly native: Native;
  /** Whether the handler has used `native`. Until then nothing is locked or written for it. */
  readonly touched: boolean;
  /**
   * Whether a statement of the handler has met another transaction (a deadlock, a lock that was
   * not had in time, a serialization failure, a cancelled statement).
   */
  readonly contended: boolean;
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
 * A transaction of one handler by itself. It opens when the handler first uses `native`, so a
 * handler that waits for another system before it writes holds nothing meanwhile.
 */
export interface DetachedTransaction<Native> {
  readonly native: Native;
  readonly contended: boolean;
  /**
   * Closes `native`, runs `work` in the handler's transaction (or in a new one, where there is
   * none), and commits. Rejects as `HandlerScope.keep`, and undoes everything when `work` rejects.
   */
  complete<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T>;
  /** Closes `native`, and undoes what the handler wrote. */
  abandon(): Promise<void>;
}
