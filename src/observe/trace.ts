import type { Disposition, JournalRecord } from "../ports/journal.ts";

/** Holds the journal records of one service about one saga. */
export interface ServiceJournal {
  readonly service: string;
  readonly records: readonly JournalRecord[];
}

/** Describes one step of a saga: a record of the journal, with its place in the saga. */
export interface TraceStep {
  readonly service: string;
  readonly reaction: string;
  /** The event type that was heard; undefined for the beginning. */
  readonly heard: string | undefined;
  readonly disposition: Disposition;
  /** The effect that this step did or undid. */
  readonly effect: string | undefined;
  readonly emitted: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds since the first step of the saga. */
  readonly elapsedMs: number;
  /** Number of events between the beginning and this step. */
  readonly depth: number;
}

/**
 * Merges the journals of several services into the steps of one saga, in order of time. At equal
 * times, a cause comes before its consequence.
 *
 * @example
 * ```ts
 * import { traceOf } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const journals = ["order", "payment"].map(async (service) => {
 *   const store = sqlite(`${service}.db`);
 *   const records = await store.inspect.journal("o-1");
 *   await store.close();
 *   return { service, records };
 * });
 * const steps = traceOf(await Promise.all(journals));
 * console.log(steps.at(-1)?.disposition);
 * ```
 */
export function traceOf(journals: readonly ServiceJournal[]): readonly TraceStep[] {
  const rows = journals.flatMap(({ service, records }) =>
    records.map((record) => ({ service, record })),
  );
  const emittedBy = new Map<string, JournalRecord>();
  for (const { record } of rows) for (const { id } of record.emitted) emittedBy.set(id, record);
  const start = rows.reduce(
    (first, { record }) => Math.min(first, record.at),
    Number.POSITIVE_INFINITY,
  );
  const steps = rows.map(({ service, record }) => ({
    service,
    reaction: record.reaction,
    heard: record.disposition === "begun" ? undefined : record.type,
    disposition: record.disposition,
    effect: record.effect,
    emitted: record.emitted.map(({ type }) => type),
    at: record.at,
    elapsedMs: record.at - start,
    depth: depthOf(record, emittedBy),
  }));
  return steps.sort((a, b) => a.at - b.at || a.depth - b.depth);
}

/** Counts the causes of a record. Journals may claim a circle of causes; the count still ends. */
function depthOf(record: JournalRecord, emittedBy: ReadonlyMap<string, JournalRecord>): number {
  const seen = new Set<JournalRecord>();
  let depth = 0;
  for (
    let cause = causeOf(record, emittedBy);
    cause !== undefined && !seen.has(cause);
    cause = causeOf(cause, emittedBy)
  ) {
    seen.add(cause);
    depth++;
  }
  return depth;
}

function causeOf(
  record: JournalRecord,
  emittedBy: ReadonlyMap<string, JournalRecord>,
): JournalRecord | undefined {
  return record.disposition === "begun" ? undefined : emittedBy.get(record.id);
}
