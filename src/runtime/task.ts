import type { MessageHead } from "../contract/envelope.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Scope } from "./scope.ts";

/** Tells the caller that handed a task over what became of it. */
export interface Completion {
  /** The task is committed. */
  done(): void;
  /** Nothing was committed, and nothing will be: the caller has to hand the task over again. */
  failed(error: unknown): void;
}

/**
 * One thing to do within a commit: a delivery to one reaction, a beginning, a deadline that has
 * passed. Many share a commit, and a task may run again after a rollback, so `run` leaves nothing
 * behind but what it writes through its scope.
 */
export interface Task<Native> {
  /** Tasks of one saga run one after the other: each may depend on the marks of the last one. */
  readonly receipt: Receipt;
  readonly fields: LogFields;
  /** The message that it answers; undefined for a beginning. */
  readonly cause?: MessageHead | undefined;
  readonly completion: Completion;
  run(received: Received, scope: Scope<Native>): void | Promise<void>;
  /**
   * Makes the task to commit instead, after `run` has thrown; absent where the failure belongs to
   * the caller.
   */
  recover?(error: unknown): Task<Native>;
}
