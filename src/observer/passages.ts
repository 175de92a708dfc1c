import { stemOf } from "../contract/grammar.ts";
import type { ServiceHistory } from "../observe/summary.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";
import { NO_REACTION } from "../ports/store.ts";
import type { Passage } from "./rates.ts";
import { emissionsIn } from "./told.ts";

const OPEN_ENDED: readonly Disposition[] = ["retrying", "waiting", "parked"];
/** No message was handled. */
const UNHEARD: readonly Disposition[] = ["begun", "armed", "disarmed"];

/**
 * Finds the deliveries that the rows of one service's feed end, and how long each took. `aheadMs`
 * says by how much the clock of a service is ahead.
 */
export function passagesOf(
  service: string,
  rows: readonly JournalRecord[],
  histories: ReadonlyMap<string, readonly ServiceHistory[]>,
  aheadMs: (service: string) => number = () => 0,
): readonly Passage[] {
  return rows.flatMap((record): readonly Passage[] => {
    const { reaction, type, id, disposition, at, sagaId } = record;
    if (reaction === NO_REACTION || UNHEARD.includes(disposition)) return [];
    if (OPEN_ENDED.includes(disposition)) return [];
    const parts = histories.get(sagaId);
    // A deadline that has passed bears the id of the event that it emits itself.
    const emitted = disposition === "expired" ? undefined : parts && emissionsIn(parts).get(id);
    return [
      {
        ...{ service, reaction, stem: stemOf(type), at },
        emitter: emitted?.service ?? "",
        wayMs:
          emitted && Math.max(0, at - aheadMs(service) - (emitted.at - aheadMs(emitted.service))),
        runMs: record.durationMs,
        failed: (record.attempt ?? 1) > 1 || disposition === "discarded",
      },
    ];
  });
}
