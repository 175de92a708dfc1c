import type { ParkedDelivery } from "./saga-rows.ts";
import { type ProjectionSql, type StoredRow, type StoredValue, textIn } from "./sql.ts";

/** Which parked deliveries. */
export interface ParkedFilter {
  readonly service?: string | undefined;
  readonly reaction?: string | undefined;
  readonly code?: string | undefined;
}

/** A parked delivery, with its saga. */
export interface ParkedEntry extends ParkedDelivery {
  readonly sagaId: string;
}

/** The place of a delivery in the list. */
export interface ParkedPlace {
  readonly since: number;
  readonly service: string;
  readonly seq: number;
}

/** Lists parked deliveries behind a place, oldest first. */
export function listParked(
  sql: ProjectionSql,
  filter: ParkedFilter,
  behind: ParkedPlace = { since: -1, service: "", seq: 0 },
  limit = 100,
): readonly ParkedEntry[] {
  const { text, values } = whereOf(filter);
  return sql
    .all(
      `SELECT * FROM parked WHERE ${text} AND (since, service, seq) > (?, ?, ?)
       ORDER BY since, service, seq LIMIT ?`,
      ...[...values, behind.since, behind.service, behind.seq, limit],
    )
    .map(entryIn);
}

/** One parked delivery; undefined if it is not known. */
export function parkedEntry(
  sql: ProjectionSql,
  service: string,
  seq: number,
): ParkedEntry | undefined {
  const row = sql.first("SELECT * FROM parked WHERE service = ? AND seq = ?", service, seq);
  return row && entryIn(row);
}

/** How many of some deliveries of a service are parked. */
export function countParkedAmong(
  sql: ProjectionSql,
  service: string,
  seqs: readonly number[],
): number {
  const text = `SELECT count(*) AS n FROM parked
    WHERE service = ? AND seq IN (SELECT value FROM json_each(?))`;
  return Number(sql.first(text, service, JSON.stringify(seqs))?.n);
}

export function countParked(sql: ProjectionSql, filter: ParkedFilter): number {
  const { text, values } = whereOf(filter);
  return Number(sql.first(`SELECT count(*) AS n FROM parked WHERE ${text}`, ...values)?.n);
}

/** Deliveries that failed in the same way. */
export interface ParkedGroup {
  readonly service: string;
  readonly reaction: string;
  readonly code: string;
  readonly deliveries: number;
  readonly sagas: number;
  readonly oldest: number;
  readonly newest: number;
  /** Of the newest. */
  readonly message: string;
}

/** Groups parked deliveries by reaction and error, the largest group first. */
export function groupParked(sql: ProjectionSql, limit: number): readonly ParkedGroup[] {
  // Of the row with the maximum, SQLite takes the other columns.
  const rows = sql.all(
    `SELECT service, reaction, code, message, count(*) AS n, count(DISTINCT saga) AS sagas,
       min(since) AS oldest, max(since) AS newest
     FROM parked GROUP BY service, reaction, code ORDER BY n DESC, 1, 2, 3 LIMIT ?`,
    limit,
  );
  return rows.map(({ service, reaction, code, message, n, sagas, oldest, newest }) => ({
    service: String(service),
    reaction: String(reaction),
    code: String(code),
    message: String(message),
    deliveries: Number(n),
    sagas: Number(sagas),
    oldest: Number(oldest),
    newest: Number(newest),
  }));
}

function whereOf(filter: ParkedFilter): { readonly text: string; readonly values: StoredValue[] } {
  const given = (["service", "reaction", "code"] as const).flatMap((column) => {
    const value = filter[column];
    return value === undefined ? [] : [[column, value] as const];
  });
  return {
    text: ["TRUE", ...given.map(([column]) => `${column} = ?`)].join(" AND "),
    values: given.map(([, value]) => value),
  };
}

function entryIn(row: StoredRow): ParkedEntry {
  return {
    service: textIn(row.service) ?? "",
    seq: Number(row.seq),
    sagaId: textIn(row.saga) ?? "",
    reaction: textIn(row.reaction) ?? "",
    type: textIn(row.type) ?? "",
    since: Number(row.since),
    attempts: Number(row.attempts),
    code: textIn(row.code) ?? "",
    message: textIn(row.message) ?? "",
  };
}
