import { OdoriError } from "../contract/errors.ts";
import { birthIn } from "../ports/birth.ts";
import type { Received } from "../ports/bookkeeping.ts";
import type { Marks } from "./marks.ts";

/** The mark of a saga that was heard of again after the store had forgotten it. */
export const FORGOTTEN = "forgotten saga";

/**
 * Tells whether the store may have forgotten what a saga did: it does not know the saga, although
 * the event's id says that the saga began before retention.
 */
export function isForgotten(
  { known }: Received,
  marks: Marks,
  id: string,
  { now, retentionMs }: { readonly now: number; readonly retentionMs: number },
): boolean {
  if (known) return marks.of(FORGOTTEN) !== undefined;
  const born = birthIn(id, now);
  return born !== undefined && born < now - retentionMs;
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
