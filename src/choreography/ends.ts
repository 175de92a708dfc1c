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

/** Rows whose `type` is that of an event which need not have happened. */
const NOT_HEARD: readonly Disposition[] = ["begun", "armed", "disarmed", "expired"];

/** Finds the earliest event among `ends` that the rows have heard or emitted. */
export function endOf(
  records: readonly JournalRecord[],
  { succeeds, fails }: SagaEnds,
): Ended | undefined {
  const good = new Set(succeeds.map(stemOf));
  const bad = new Set(fails.map(stemOf));
  let found: Ended | undefined;
  for (const { type, id, disposition, emitted, at } of records) {
    const heard = NOT_HEARD.includes(disposition) ? [] : [{ type, id }];
    for (const event of [...heard, ...emitted]) {
      const stem = stemOf(event.type);
      const ended = good.has(stem) || bad.has(stem);
      if (ended && (found === undefined || at < found.at))
        found = { id: event.id, type: event.type, at, succeeded: good.has(stem) };
    }
  }
  return found;
}
