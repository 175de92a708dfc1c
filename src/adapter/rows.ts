import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { CensusRow, StoredDeclaration } from "../ports/declarations.ts";
import {
  DEFERRED_STATES,
  type Deferred,
  type DeferredState,
  type Problem,
} from "../ports/deferred.ts";
import type { BusBacklog, BusFault, SagaHistory } from "../ports/inspection.ts";
import { DISPOSITIONS, type Emission, type JournalRecord } from "../ports/journal.ts";
import type { FeedRow } from "../ports/source.ts";

/** A row of an SQL store, by column name. Its values were validated when they were written. */
type Row = Readonly<Record<string, unknown>>;

/**
 * Reads an inbox row. Columns: `seq`, `reaction`, `source`, `id`, `type`, `saga_id`,
 * `causation_id`, `disposition`, `effect`, `emitted` (JSON), `attempt`, `duration_ms`,
 * `duplicates`, `fingerprint`, `at` (ms since 1970). Throws `STORE_VERSION` for an unknown
 * disposition.
 *
 * @example
 * ```ts
 * import { type JournalRecord, toJournal } from "odori/adapter";
 * import type { Sql } from "odori/sqlite";
 *
 * const journal = (sql: Sql, sagaId: string): readonly JournalRecord[] =>
 *   sql.all("SELECT * FROM inbox WHERE saga_id = ? ORDER BY at, seq", sagaId).map(toJournal);
 * ```
 */
export function toJournal(row: Row): JournalRecord {
  const emitted: readonly Emission[] = JSON.parse(text(row.emitted));
  return {
    reaction: text(row.reaction),
    source: text(row.source),
    id: text(row.id),
    type: text(row.type),
    sagaId: text(row.saga_id),
    causationId: optional(row.causation_id),
    disposition: known(DISPOSITIONS, row.disposition),
    effect: optional(row.effect),
    emitted,
    attempt: optionalNumber(row.attempt),
    durationMs: optionalNumber(row.duration_ms),
    duplicates: Number(row.duplicates),
    fingerprint: optional(row.fingerprint),
    seq: Number(row.seq),
    at: Number(row.at),
  };
}

/**
 * Reads a row of the feed. Columns: those of `toJournal`, `born`, and of the saga `saga_last` (null
 * if it is forgotten) and `correlation_id` (null if it is the saga's id).
 *
 * @example
 * ```ts
 * import { type FeedRow, toFeedRow } from "odori/adapter";
 * import type { Sql } from "odori/sqlite";
 *
 * const feed = `SELECT i.*, s.last AS saga_last, s.correlation_id FROM inbox AS i
 *   LEFT JOIN saga AS s USING (saga_id, born) WHERE i.seq > ? ORDER BY i.seq LIMIT ?`;
 * const page = (sql: Sql, after: number): readonly FeedRow[] =>
 *   sql.all(feed, after, 100).map(toFeedRow);
 * ```
 */
export function toFeedRow(row: Row): FeedRow {
  const record = toJournal(row);
  if (row.saga_last === null || row.saga_last === undefined) return record;
  const correlationId = optional(row.correlation_id) ?? record.sagaId;
  const saga = { born: Number(row.born), last: Number(row.saga_last), correlationId };
  return { ...record, saga };
}

/**
 * Reads what the processes with a lease have told of the bus. Columns: `processes`, `deliveries`,
 * `told` (how many processes have told), `empty_ms` (of the one that found the bus empty longest
 * ago), `emptied` (how many have found it empty), `died` (whether a process has died lately,
 * perhaps with deliveries in hand).
 */
export function toBacklog(row: Row | undefined): BusBacklog | undefined {
  if (row === undefined || Number(row.told) === 0) return undefined;
  const known = Number(row.emptied) === Number(row.processes) && Number(row.died) === 0;
  return {
    deliveries: Number(row.deliveries),
    emptyMs: known ? Math.max(0, Number(row.empty_ms)) : undefined,
  };
}

/** Writes a lost bus as `toBusFault` reads it; null for none. */
export function busFaultText(fault: BusFault | undefined): string | null {
  return fault === undefined ? null : JSON.stringify({ code: fault.code, place: fault.place });
}

/**
 * Reads what the processes with a lease have told of a lost bus. Columns: `bus_fault` (JSON or
 * null: code and place), `bus_lost_ms`.
 */
export function toBusFault(row: Row | undefined): BusFault | undefined {
  if (typeof row?.bus_fault !== "string") return undefined;
  const { code, place }: Omit<BusFault, "sinceMs"> = JSON.parse(row.bus_fault);
  return { code, place, sinceMs: Math.max(0, Number(row.bus_lost_ms)) };
}

/**
 * Reads a deferred row. Columns: `seq`, `reaction`, `saga_id`, `source`, `id`, `type`, `state`,
 * `attempts`, `claims`, `due_at` (ms since 1970), `problem` (JSON or null), `malformed`, `body`,
 * `at`, `reason`. Throws `STORE_VERSION` for an unknown state.
 *
 * @example
 * ```ts
 * import { type Deferred, toDeferred } from "odori/adapter";
 * import type { Sql } from "odori/sqlite";
 *
 * const parked = (sql: Sql): readonly Deferred[] =>
 *   sql.all("SELECT * FROM deferred WHERE state = 'parked' ORDER BY seq").map(toDeferred);
 * ```
 */
export function toDeferred(row: Row): Deferred {
  const problem: Problem | undefined =
    row.problem === null ? undefined : JSON.parse(text(row.problem));
  return {
    seq: Number(row.seq),
    reaction: text(row.reaction),
    sagaId: text(row.saga_id),
    source: text(row.source),
    id: text(row.id),
    type: text(row.type),
    state: toState(row.state),
    attempts: Number(row.attempts),
    claims: Number(row.claims),
    dueAt: Number(row.due_at),
    problem,
    body: { malformed: row.malformed === 1 || row.malformed === true, text: text(row.body) },
    at: Number(row.at),
    reason: optional(row.reason),
  };
}

/**
 * Reads a saga with its rows. Columns: `saga_id`, `born`, `last`, `correlation_id` (null if it is
 * the saga's id), and `journal` and `deferred`: JSON lists of rows of `toJournal` and `toDeferred`,
 * in any order, or null.
 *
 * @example
 * ```ts
 * import { type SagaHistory, toHistory } from "odori/adapter";
 *
 * const read = (rows: readonly Record<string, unknown>[]): readonly SagaHistory[] =>
 *   rows.map(toHistory);
 * ```
 */
export function toHistory(row: Row): SagaHistory {
  const list = (json: unknown): readonly Row[] =>
    typeof json === "string" ? JSON.parse(json) : [];
  const sagaId = text(row.saga_id);
  return {
    sagaId,
    born: Number(row.born),
    last: Number(row.last),
    correlationId: optional(row.correlation_id) ?? sagaId,
    journal: list(row.journal)
      .map(toJournal)
      .sort((a, b) => a.at - b.at || a.seq - b.seq),
    deferred: list(row.deferred)
      .map(toDeferred)
      .sort((a, b) => a.seq - b.seq),
  };
}

/**
 * Reads the state of a deferred row; throws `STORE_VERSION` for an unknown one.
 *
 * @example
 * ```ts
 * import { toState } from "odori/adapter";
 *
 * const state = toState("parked");
 * ```
 */
export function toState(value: unknown): DeferredState {
  return known(DEFERRED_STATES, value);
}

/**
 * Reads a row of `Declarations`. Columns: `fingerprint`, `manifest`, `first_at`, `last_at` (ms
 * since 1970).
 *
 * @example
 * ```ts
 * import { toDeclaration } from "odori/adapter";
 * import type { Sql } from "odori/sqlite";
 *
 * const all = (sql: Sql) => sql.all("SELECT * FROM declaration").map(toDeclaration);
 * ```
 */
export function toDeclaration(row: Row): StoredDeclaration {
  return {
    fingerprint: text(row.fingerprint),
    manifest: text(row.manifest),
    firstAt: Number(row.first_at),
    lastAt: Number(row.last_at),
  };
}

/**
 * Reads a row of a census. Columns: `kind`, `name`, `state`, `count`, `newest_at` (ms since 1970).
 * Throws `STORE_VERSION` for an unknown state of a deferred delivery.
 *
 * @example
 * ```ts
 * import { toCensusRow } from "odori/adapter";
 *
 * const row = { kind: "mark", name: "paid", state: "done", count: 2, newest_at: 1e12 };
 * console.log(toCensusRow(row));
 * ```
 */
export function toCensusRow(row: Row): CensusRow {
  const counted = {
    name: text(row.name),
    count: Number(row.count),
    newestAt: Number(row.newest_at),
  };
  if (row.kind === "mark") return { ...counted, kind: "mark", state: text(row.state) };
  return { ...counted, kind: "deferred", type: text(row.type), state: toState(row.state) };
}

function known<T extends string>(words: readonly T[], value: unknown): T {
  const word = words.find((candidate) => candidate === value);
  if (word !== undefined) return word;
  throw new OdoriError(
    "STORE_VERSION",
    `The database contains ${quote(value)}, which this version of Odori does not know.`,
    { hint: "Use the newer version of Odori that wrote it." },
  );
}

function text(value: unknown): string {
  return String(value);
}

function optionalNumber(value: unknown): number | undefined {
  return value === null || value === undefined ? undefined : Number(value);
}

function optional(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
