import type { Deferred } from "../ports/deferred.ts";
import type { Disposition, JournalRecord } from "../ports/journal.ts";

/** Holds the journal records of one service about one saga. */
export interface ServiceJournal {
  readonly service: string;
  readonly records: readonly JournalRecord[];
  /** Its deliveries that were put off: they have the reason for which one was discarded. */
  readonly deferred?: readonly Deferred[];
}

/** Describes one step of a saga: a record of the journal, with its place in the saga. */
export interface TraceStep {
  readonly service: string;
  readonly reaction: string;
  /** The event type that was heard; undefined for the beginning. */
  readonly heard: string | undefined;
  /** The id of the event that was heard; of a beginning or a deadline, of the event emitted. */
  readonly eventId: string;
  /** The id of the event from which that event follows. */
  readonly causationId: string | undefined;
  readonly disposition: Disposition;
  /** Why a person has discarded the delivery; undefined if none has, or it is not kept. */
  readonly reason: string | undefined;
  /** The effect that this step did or undid. */
  readonly effect: string | undefined;
  readonly emitted: readonly string[];
  /** The ids of the emitted events, in the order of `emitted`. */
  readonly emittedIds: readonly string[];
  /** How often the delivery came again and was ignored. */
  readonly duplicates: number;
  /** Number of the attempt that ended so; undefined if an older version wrote the row. */
  readonly attempt: number | undefined;
  /** How long the handler ran, in milliseconds; undefined if none ran. */
  readonly durationMs: number | undefined;
  /** Milliseconds since 1970. */
  readonly at: number;
  /**
   * Milliseconds since the first step of the saga in the order of cause; negative where a clock is
   * behind that of the first step.
   */
  readonly elapsedMs: number;
  /** Number of events between the beginning and this step. */
  readonly depth: number;
  /**
   * Whether the clocks contradict the cause: by `at`, this step came before the one that caused it,
   * or before an earlier one of its service.
   */
  readonly clockContradicts: boolean;
}

interface Row {
  readonly service: string;
  readonly record: JournalRecord;
  /** Its time, corrected by what is known of the clock of its service. */
  readonly at: number;
}

/**
 * Merges the journals of several services into the steps of one saga, in order of cause and then of
 * time: a cause comes before its consequence, also where the clocks of the services differ.
 *
 * @param aheadMs by how many milliseconds the clock of a service is ahead: its times are corrected.
 *   Default: by none
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
export function traceOf(
  journals: readonly ServiceJournal[],
  aheadMs: (service: string) => number = () => 0,
): readonly TraceStep[] {
  const rows = journals.flatMap(({ service, records }) =>
    records.map((record): Row => ({ service, record, at: record.at - aheadMs(service) })),
  );
  const causes = causesOf(rows);
  const reasons = reasonsIn(journals);
  const depths = new Map<Row, number>();
  const ordered = inOrder(rows, causes);
  const start = ordered[0]?.at ?? 0;
  return ordered.map((row) => {
    const { service, record } = row;
    const { cause, earlier } = causes(row);
    const depth = cause === undefined ? 0 : (depths.get(cause) ?? 0) + 1;
    depths.set(row, depth);
    return {
      service,
      reaction: record.reaction,
      heard: record.disposition === "begun" ? undefined : record.type,
      eventId: record.id,
      causationId: record.causationId,
      disposition: record.disposition,
      reason: record.disposition === "discarded" ? reasons.get(keyOf(row)) : undefined,
      effect: record.effect,
      emitted: record.emitted.map(({ type }) => type),
      emittedIds: record.emitted.map(({ id }) => id),
      duplicates: record.duplicates,
      attempt: record.attempt,
      durationMs: record.durationMs,
      at: row.at,
      elapsedMs: row.at - start,
      depth,
      clockContradicts: [cause, earlier].some((one) => one && one.at > row.at),
    };
  });
}

function reasonsIn(journals: readonly ServiceJournal[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const { service, deferred = [] } of journals)
    for (const record of deferred)
      if (record.state === "discarded" && record.reason !== undefined)
        reasons.set(keyOf({ service, record }), record.reason);
  return reasons;
}

interface KeyedRow {
  readonly service: string;
  readonly record: Pick<JournalRecord, "reaction" | "source" | "id">;
}

function keyOf({ service, record: { reaction, source, id } }: KeyedRow): string {
  return JSON.stringify([service, reaction, source, id]);
}

interface Causes {
  /** The row that emitted the event that this one heard. */
  readonly cause: Row | undefined;
  /** The row before it in the feed of its own service. */
  readonly earlier: Row | undefined;
}

function causesOf(rows: readonly Row[]): (row: Row) => Causes {
  const emittedBy = new Map<string, Row>();
  for (const row of rows) for (const { id } of row.record.emitted) emittedBy.set(id, row);
  const earlier = new Map<Row, Row>();
  const latest = new Map<string, Row>();
  for (const row of rows.toSorted((a, b) => a.record.seq - b.record.seq)) {
    const before = latest.get(row.service);
    if (before !== undefined) earlier.set(row, before);
    latest.set(row.service, row);
  }
  return (row) => {
    const { disposition, id } = row.record;
    const cause = disposition === "begun" ? undefined : emittedBy.get(id);
    return { cause: cause === row ? undefined : cause, earlier: earlier.get(row) };
  };
}

/**
 * Takes the rows by time, each behind what it follows. Journals may claim a circle of causes, which
 * is then left open somewhere.
 */
function inOrder(rows: readonly Row[], causes: (row: Row) => Causes): readonly Row[] {
  const ordered: Row[] = [];
  const met = new Set<Row>();
  const placed = new Set<Row>();
  for (const first of rows.toSorted((a, b) => a.at - b.at)) {
    // A chain of causes is as long as its saga: too long for the stack of calls.
    const stack = [first];
    for (let row = stack.at(-1); row !== undefined; row = stack.at(-1)) {
      const { cause, earlier } = causes(row);
      const missing = [cause, earlier].find((one) => one !== undefined && !met.has(one));
      met.add(row);
      if (missing !== undefined) stack.push(missing);
      else {
        stack.pop();
        if (!placed.has(row)) ordered.push(row);
        placed.add(row);
      }
    }
  }
  return ordered;
}
