import { stemOf } from "../contract/grammar.ts";
import type { Disposition, Emission, JournalRecord } from "../ports/journal.ts";

/** The types of events that end a choreography, in any version. */
export interface SagaEnds {
  readonly succeeds: readonly string[];
  readonly fails: readonly string[];
}

/** The event that ended a saga. */
export interface Ended extends Emission {
  readonly succeeded: boolean;
  /** When the row that tells of it was written: milliseconds since 1970. */
  readonly at: number;
}

/** Rows of a deadline never have these: its `type` is that of an event which need not happen. */
const HEARD: readonly Disposition[] = [
  "done",
  "refused",
  "undone",
  "barred",
  "late",
  "gathered",
  "armed",
  "disarmed",
];

/**
 * Finds the earliest event among `ends` that the rows have heard or emitted. `deadlines` are the
 * stored names of the service's deadlines: with them, a delivery that was put off tells as well.
 */
export function endOf(
  records: readonly JournalRecord[],
  { succeeds, fails }: SagaEnds,
  deadlines?: ReadonlySet<string>,
): Ended | undefined {
  const good = new Set(succeeds.map(stemOf));
  const bad = new Set(fails.map(stemOf));
  let found: Ended | undefined;
  for (const { type, id, reaction, disposition, emitted, at } of records) {
    const came = deadlines !== undefined && !deadlines.has(reaction) && disposition !== "begun";
    const heard = came || HEARD.includes(disposition);
    for (const event of [...(heard ? [{ type, id }] : []), ...emitted]) {
      const stem = stemOf(event.type);
      const ended = good.has(stem) || bad.has(stem);
      if (ended && (found === undefined || at < found.at))
        found = { id: event.id, type: event.type, at, succeeded: good.has(stem) };
    }
  }
  return found;
}
