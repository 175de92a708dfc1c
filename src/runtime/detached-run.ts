import type { Received } from "../ports/bookkeeping.ts";
import type { DetachedTransaction } from "../ports/transaction.ts";
import type { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** A handler that still runs, taken out of its commit group with a transaction of its own. */
export interface DetachedRun<Native> {
  readonly task: Task<Native>;
  readonly received: Received;
  readonly scope: Scope<Native>;
  readonly running: Promise<void>;
  readonly tx: DetachedTransaction<Native>;
}
