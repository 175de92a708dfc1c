import type { Disposition, JournalRecord } from "../ports/journal.ts";

/** What one service's journal says about a saga. */
export interface ServiceJournal {
  readonly service: string;
  readonly records: readonly JournalRecord[];
}

/** One thing that a service did in a saga. */
export interface TraceStep {
  readonly service: string;
  readonly reaction: string;
  /** The type that was heard; undefined for the beginning. */
  readonly heard: string | undefined;
  readonly disposition: Disposition;
  /** The effect that was done or undone. */
  readonly effect: string | undefined;
  readonly emitted: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Milliseconds since the saga's first step. */
  readonly elapsedMs: number;
  /** How many events lie between the beginning and this step. */
  readonly depth: number;
}

/**
 * Puts the journals of several services together: each step after the one that caused it, otherwise
 * by the clock.
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

/** Clocks of several machines may contradict each other; what caused what does not. */
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
