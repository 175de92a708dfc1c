import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Draft } from "./draft.ts";
import type { Completion } from "./task-context.ts";

/** What a task works with while its transaction is open. */
export interface Scope<Native> {
  readonly tx: Native;
  readonly draft: Draft;
}

/**
 * One thing to do within a commit: a delivery to one reaction, a beginning, a deadline that has
 * passed. Many share a commit, and a task may be run again after a rollback, so `run` leaves
 * nothing behind but what it writes through its scope.
 */
export interface Task<Native> {
  /**
   * Tasks of one saga are handled one after the other, since each may depend on what the last one
   * left in the fence.
   */
  readonly receipt: Receipt;
  readonly fields: LogFields;
  run(received: Received, scope: Scope<Native>): void | Promise<void>;
  /**
   * What to commit instead, now that `run` has thrown; absent where the failure is the caller's to
   * handle.
   */
  recover?(error: unknown): Task<Native>;
  readonly completion: Completion;
}
