import { OdoriError } from "../contract/errors.ts";
import { FORGOTTEN_MARK } from "../contract/names.ts";
import { birthIn } from "../ports/birth.ts";
import type { Receipt, Received } from "../ports/bookkeeping.ts";
import type { Draft } from "./draft.ts";
import type { TaskContext } from "./task-context.ts";

type Clock = Pick<TaskContext<unknown>, "environment" | "retentionMs">;

/**
 * Tells whether the store may have forgotten what a saga did: it does not know the saga, although
 * the event's id says that the saga began before retention.
 */
export function isForgotten(
  clock: Clock,
  received: Received,
  { id }: Pick<Receipt, "id">,
): boolean {
  if (received.born !== undefined) return received.marks.has(FORGOTTEN_MARK);
  const now = clock.environment.now();
  const born = birthIn(id, now);
  return born !== undefined && born < now - clock.retentionMs;
}

/**
 * Marks a forgotten saga as such. Each task that writes to a saga calls it: from then on the store
 * knows the saga, but not what it had done before.
 */
export function markForgotten(
  clock: Clock,
  received: Received,
  receipt: Receipt,
  draft: Draft,
): void {
  if (received.born !== undefined || !isForgotten(clock, received, receipt)) return;
  draft.marks.push({ sagaId: receipt.sagaId, name: FORGOTTEN_MARK, state: "again" });
}

/** Makes the error of a delivery whose saga may have done things that are forgotten. */
export function fenceForgotten(sagaId: string): OdoriError {
  return new OdoriError(
    "FENCE_FORGOTTEN",
    `The saga ${sagaId} is older than retention, and what it did here is forgotten.`,
    {
      hint:
        "Look what it did in the business data. Then retry a step that was not done, or discard " +
        "the delivery. Raise retentionMs above the life of a saga.",
    },
  );
}
