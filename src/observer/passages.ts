import { stemOf } from "../contract/grammar.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import { NO_REACTION } from "../ports/store.ts";
import type { Passage } from "./rates.ts";
import { emissionsIn } from "./told.ts";

const OPEN_ENDED: readonly Disposition[] = ["retrying", "waiting", "parked"];
/** No message was handled. */
const UNHEARD: readonly Disposition[] = ["begun", "armed", "disarmed"];

/** Where a delivery is held. */
export interface HeldDelivery {
  readonly sagaId: string;
  readonly service: string;
  readonly reaction: string;
  readonly stem: string;
}

/**
 * Finds the deliveries that the rows of one service's feed end, and how long each took.
 *
 * @param aheadMs by how much the clock of a service is ahead
 * @param heldAs how a delivery was put off when it was last looked at; undefined: it was not
 */
export function passagesOf(
  service: string,
  rows: readonly JournalRecord[],
  histories: ReadonlyMap<string, readonly ServiceHistory[]>,
  aheadMs: (service: string) => number = () => 0,
  heldAs: (delivery: HeldDelivery) => string | undefined = () => undefined,
): readonly Passage[] {
  return rows.flatMap((record): readonly Passage[] => {
    const { reaction, type, id, disposition, at, sagaId } = record;
    if (reaction === NO_REACTION || UNHEARD.includes(disposition)) return [];
    if (OPEN_ENDED.includes(disposition)) return [];
    const parts = histories.get(sagaId);
    // A deadline that has passed bears the id of the event that it emits itself.
    const emitted = disposition === "expired" ? undefined : parts && emissionsIn(parts).get(id);
    const stem = stemOf(type);
    // The attempts of one that a person has retried are counted from 1 again.
    const held = heldAs({ sagaId, service, reaction, stem });
    const failed =
      (record.attempt ?? 1) > 1 ||
      disposition === "discarded" ||
      held === "retrying" ||
      held === "parked";
    // One that was put off came long before.
    const came = failed || held !== undefined ? undefined : emitted;
    return [
      {
        ...{ service, reaction, stem, at, emitter: emitted?.service ?? "" },
        wayMs: came && Math.max(0, at - aheadMs(service) - (came.at - aheadMs(came.service))),
        ...{ runMs: record.durationMs, failed },
      },
    ];
  });
}
