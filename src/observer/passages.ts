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
 * @param isPutOff whether a delivery was waiting, retried or parked when it was last looked at
 */
export function passagesOf(
  service: string,
  rows: readonly JournalRecord[],
  histories: ReadonlyMap<string, readonly ServiceHistory[]>,
  aheadMs: (service: string) => number = () => 0,
  isPutOff: (delivery: HeldDelivery) => boolean = () => false,
): readonly Passage[] {
  return rows.flatMap((record): readonly Passage[] => {
    const { reaction, type, id, disposition, at, sagaId } = record;
    if (reaction === NO_REACTION || UNHEARD.includes(disposition)) return [];
    if (OPEN_ENDED.includes(disposition)) return [];
    const parts = histories.get(sagaId);
    // A deadline that has passed bears the id of the event that it emits itself.
    const emitted = disposition === "expired" ? undefined : parts && emissionsIn(parts).get(id);
    const stem = stemOf(type);
    const failed = (record.attempt ?? 1) > 1 || disposition === "discarded";
    // One that was put off came long before. The attempts of a parked one are counted from 1 again.
    const came = failed || isPutOff({ sagaId, service, reaction, stem }) ? undefined : emitted;
    return [
      {
        ...{ service, reaction, stem, at, emitter: emitted?.service ?? "" },
        wayMs: came && Math.max(0, at - aheadMs(service) - (came.at - aheadMs(came.service))),
        ...{ runMs: record.durationMs, failed },
      },
    ];
  });
}
