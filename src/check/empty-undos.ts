import { emittedIfEmpty, type Manifest, reactionName } from "../manifest/manifest.ts";
import type { Exploration } from "./explore.ts";
import type { Finding } from "./finding.ts";
import type { Model } from "./model.ts";

/**
 * Finds undos that tell the outside of an undoing where there was nothing to undo: a refund for a
 * payment that was never taken.
 */
export function emptyUndosTold(
  { external }: Manifest,
  { reactions }: Model,
  { acknowledged }: Exploration,
): readonly Finding[] {
  return reactions.flatMap(({ index, service, entry }): readonly Finding[] => {
    const event = emittedIfEmpty(entry);
    if (acknowledged[index] === 0 || event === undefined || !external.includes(event)) return [];
    return [
      {
        code: "EMPTY_UNDO_TOLD",
        severity: "warning",
        message: `${service.name} tells the outside ${event} also when there was nothing to undo`,
        hint:
          'Declare onEmpty: "silent". If the saga needs an acknowledgement, let the undo emit an ' +
          "event for that first, and the event for the outside after it.",
        at: { service: service.name, event, reaction: reactionName(entry) },
      },
    ];
  });
}
