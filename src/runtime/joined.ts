import { storeContended } from "../ports/errors.ts";
import type { StoreTransaction } from "../ports/transaction.ts";
import type { Probe } from "./crash-points.ts";
import { Draft } from "./draft.ts";
import { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/**
 * Runs one task in a transaction that the caller has opened and commits. Rejects as the task does:
 * the caller then rolls back.
 */
export async function runJoined<Native>(
  tx: StoreTransaction<Native>,
  task: Task<Native>,
  probe: Probe,
): Promise<void> {
  const [received] = await tx.receive([task.receipt]);
  if (received === undefined || received.status === "busy") throw storeContended();
  probe("looked_up");
  const draft = new Draft();
  const handler = tx.scope();
  await task.run(received, new Scope(handler, draft));
  await handler.keep();
  await tx.write(draft);
  probe("written");
}
