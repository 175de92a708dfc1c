import type { RestingPlace } from "../observe/resting.ts";
import type { OpenDelivery } from "../observe/summary.ts";
import { DISPOSITIONS } from "../ports/journal.ts";
import { numberIn, type ProjectionSql, type StoredRow, textIn } from "./sql.ts";
import { RESTS } from "./tables.ts";
import { type SagaVerdict, VERDICTS, verdictIn } from "./verdict.ts";

/** Which sagas to list. All filters hold at once. */
export interface SagaListQuery {
  readonly verdicts?: readonly SagaVerdict[] | undefined;
  /** Only sagas that wait for this service, or came to rest at it. */
  readonly at?: string | undefined;
  /** Only sagas that wait for one of these events, or came to rest at it: without versions. */
  readonly events?: readonly string[] | undefined;
  /** Only sagas that began at this time or before: milliseconds since 1970. */
  readonly beganBy?: number | undefined;
  readonly correlationId?: string | undefined;
  /** Only sagas whose id begins so. They are listed in the order of their ids. */
  readonly prefix?: string | undefined;
  /** Only sagas behind this place: the last one of the page before. */
  readonly behind?: ListPlace | undefined;
  readonly limit: number;
}

/** The place of a saga in a list. */
export interface ListPlace {
  readonly began: number;
  readonly id: string;
}

/** A saga of a list. */
export interface ListedRow {
  readonly id: string;
  readonly correlationId: string | undefined;
  readonly verdict: SagaVerdict;
  readonly began: number;
  readonly last: number;
  readonly steps: number;
  readonly end: string | undefined;
  readonly open: number;
  /** The oldest of what it waits for. */
  readonly waitsFor: OpenDelivery | undefined;
  /** Where it came to rest, if it is stuck. */
  readonly rests: Omit<RestingPlace, "emitted"> | undefined;
  /** Services without which it was judged. */
  readonly unread: readonly string[];
}

export interface SagaListPage {
  readonly sagas: readonly ListedRow[];
  /** Where the next page begins; undefined on the last one. */
  readonly next: ListPlace | undefined;
}

/** Most sagas that one page looks at for a filter that no index has. */
const EXAMINED_MAX = 2_000;
/** Behind every place: sagas are listed from the one that began last. */
const LIST_START: ListPlace = { began: Number.MAX_SAFE_INTEGER, id: "" };

/**
 * Lists sagas, the one that began last first. Each page is a range of an index, or at most 2,000
 * rows of one: it costs as much behind a million sagas as at the beginning. A page may have fewer
 * sagas than `limit`, or none, and still a next one.
 */
export function sagaPage(sql: ProjectionSql, query: SagaListQuery): SagaListPage {
  const { limit, prefix, correlationId } = query;
  if (prefix !== undefined) return examine(sql, query, byId(sql, query, prefix));
  if (correlationId !== undefined) return examine(sql, query, related(sql, query, correlationId));
  const sorted = placesOf(sql, query)
    .sort((a, b) => b.began - a.began || compare(b.id, a.id))
    // A saga may wait for several of the events, or for one at several services.
    .filter(({ id }, n, all) => id !== all[n - 1]?.id)
    .slice(0, limit);
  const sagas = sorted.flatMap(({ id }) => rowOf(sql, id));
  return { sagas, next: sorted.length < limit ? undefined : sorted.at(-1) };
}

/** The first places of each range of an index. */
function placesOf(sql: ProjectionSql, query: SagaListQuery): ListPlace[] {
  const { at, events, verdicts } = query;
  if (at === undefined && events === undefined)
    return (verdicts ?? [undefined]).flatMap((verdict) => judgedSo(sql, query, verdict));
  const among = events?.flatMap((stem) =>
    (at === undefined ? hearersOf(sql, stem) : [at]).map((service) => ({ service, stem })),
  ) ?? [{ service: at ?? "", stem: undefined }];
  return among.flatMap((where) =>
    (verdicts ?? VERDICTS).flatMap((verdict) => waiting(sql, query, verdict, where)),
  );
}

function judgedSo(
  sql: ProjectionSql,
  { beganBy, behind = LIST_START, limit }: SagaListQuery,
  verdict: SagaVerdict | undefined,
): readonly ListPlace[] {
  const from = startOf(behind, beganBy);
  return sql
    .all(
      `SELECT began, id FROM saga WHERE ${verdict === undefined ? "" : "verdict = ? AND "}
       (began, id) < (?, ?) ORDER BY began DESC, id DESC LIMIT ?`,
      ...(verdict === undefined ? [] : [verdict]),
      ...[from.began, from.id, limit],
    )
    .map(placeIn);
}

function waiting(
  sql: ProjectionSql,
  { beganBy, behind = LIST_START, limit }: SagaListQuery,
  verdict: SagaVerdict,
  { service, stem }: { readonly service: string; readonly stem: string | undefined },
): readonly ListPlace[] {
  const from = startOf(behind, beganBy);
  return sql
    .all(
      `SELECT DISTINCT began, saga AS id FROM delivery
       INDEXED BY ${stem === undefined ? "delivery_service" : "delivery_event"}
       WHERE service = ? AND verdict = ? AND (began, saga) < (?, ?)
       ${stem === undefined ? "" : "AND stem = ?"} ORDER BY began DESC, saga DESC LIMIT ?`,
      ...[service, verdict, from.began, from.id],
      ...(stem === undefined ? [] : [stem]),
      limit,
    )
    .map(placeIn);
}

/** The services at which sagas wait for an event: a look-up in the index for each of them. */
function hearersOf(sql: ProjectionSql, stem: string): readonly string[] {
  const text = `SELECT service FROM delivery INDEXED BY delivery_event
    WHERE stem = ? AND service > ? ORDER BY service LIMIT 1`;
  const found: string[] = [];
  for (let last: string | undefined = ""; last !== undefined; ) {
    last = textIn(sql.first(text, stem, last)?.service);
    if (last !== undefined) found.push(last);
  }
  return found;
}

/** Sagas whose id begins so, in the order of their ids. */
function byId(sql: ProjectionSql, { behind }: SagaListQuery, prefix: string): readonly StoredRow[] {
  return sql.all(
    `SELECT * FROM saga WHERE id >= ? AND id < ? AND id > ? ORDER BY id LIMIT ${EXAMINED_MAX}`,
    ...[prefix, `${prefix}\u{10ffff}`, behind?.id ?? ""],
  );
}

/** Sagas with a correlation id, and the one whose id that is: it keeps none. */
function related(
  sql: ProjectionSql,
  { beganBy, behind = LIST_START }: SagaListQuery,
  correlationId: string,
): readonly StoredRow[] {
  const { began, id } = startOf(behind, beganBy);
  const [others, own] = ["correlation = ?", "id = ? AND correlation IS NULL"].map((where) =>
    sql.all(
      `SELECT * FROM saga WHERE ${where} AND (began, id) < (?, ?)
       ORDER BY began DESC, id DESC LIMIT ${EXAMINED_MAX}`,
      ...[correlationId, began, id],
    ),
  );
  return [...(others ?? []), ...(own ?? [])]
    .sort((a, b) => Number(b.began) - Number(a.began) || compare(String(b.id), String(a.id)))
    .slice(0, EXAMINED_MAX);
}

/** Those of some rows, at most `EXAMINED_MAX`, for which all filters hold. */
function examine(
  sql: ProjectionSql,
  query: SagaListQuery,
  rows: readonly StoredRow[],
): SagaListPage {
  const { limit, verdicts, at, events, beganBy, correlationId } = query;
  const kept: ListedRow[] = [];
  let last: StoredRow | undefined;
  for (const row of rows) {
    if (kept.length === limit) break;
    last = row;
    const saga = listed(sql, row);
    const fits =
      (verdicts?.includes(saga.verdict) ?? true) &&
      (beganBy === undefined || saga.began <= beganBy) &&
      (correlationId === undefined || (saga.correlationId ?? saga.id) === correlationId) &&
      ((at === undefined && events === undefined) || waitsFor(sql, saga.id, query));
    if (fits) kept.push(saga);
  }
  const more = kept.length === limit || rows.length === EXAMINED_MAX;
  return { sagas: kept, next: more && last !== undefined ? placeIn(last) : undefined };
}

function waitsFor(sql: ProjectionSql, id: string, { at, events }: SagaListQuery): boolean {
  return sql
    .all("SELECT service, stem FROM delivery WHERE saga = ?", id)
    .some(
      ({ service, stem }) =>
        (at === undefined || service === at) &&
        (events === undefined || events.some((event) => event === stem)),
    );
}

/** One saga; undefined if it is not known. */
export function sagaRow(sql: ProjectionSql, id: string): ListedRow | undefined {
  return rowOf(sql, id)[0];
}

const OPEN_OF = `SELECT * FROM delivery WHERE saga = ? AND state <> '${RESTS}'`;
const REST_OF = `SELECT * FROM delivery WHERE saga = ? AND state = '${RESTS}'`;

/** What a saga waits for, oldest first. */
export function openRows(sql: ProjectionSql, id: string, limit: number): readonly OpenDelivery[] {
  return sql.all(`${OPEN_OF} ORDER BY since LIMIT ?`, id, limit).map(deliveryIn);
}

function rowOf(sql: ProjectionSql, id: string): readonly ListedRow[] {
  const row = sql.first("SELECT * FROM saga WHERE id = ?", id);
  return row === undefined ? [] : [listed(sql, row)];
}

function listed(sql: ProjectionSql, row: StoredRow): ListedRow {
  const id = textIn(row.id) ?? "";
  const open = Number(row.open);
  const oldest = open === 0 ? undefined : sql.first(`${OPEN_OF} ORDER BY since LIMIT 1`, id);
  const disposition = DISPOSITIONS.find((one) => one === row.rests);
  const rest = disposition && sql.first(REST_OF, id);
  return {
    id,
    correlationId: textIn(row.correlation),
    verdict: verdictIn(row.verdict),
    began: Number(row.began),
    last: Number(row.last),
    steps: Number(row.steps),
    end: textIn(row.ended),
    open,
    waitsFor: oldest && deliveryIn(oldest),
    rests: disposition && rest && { ...placeOfRest(rest), disposition },
    unread: [...namesIn(row.unread), ...namesIn(row.unnamed)],
  };
}

function namesIn(value: StoredRow[string] | undefined): readonly string[] {
  return JSON.parse(textIn(value) ?? "[]");
}

function deliveryIn(row: StoredRow): OpenDelivery {
  const state = STATES.find((one) => one === row.state) ?? "on its way";
  return {
    service: textIn(row.service) ?? "",
    reaction: textIn(row.reaction) ?? "",
    type: textIn(row.type) ?? "",
    state,
    since: Number(row.since),
    dueAt: numberIn(row.due),
    seq: numberIn(row.seq),
  };
}

function placeOfRest({ service, reaction, type, since }: StoredRow) {
  return {
    service: textIn(service) ?? "",
    reaction: textIn(reaction) ?? "",
    type: textIn(type) ?? "",
    at: Number(since),
  };
}

const STATES = ["armed", "retrying", "waiting", "parked", "on its way", "unheard"] as const;

function startOf(behind: ListPlace, beganBy: number | undefined): ListPlace {
  if (beganBy === undefined || behind.began <= beganBy) return behind;
  return { began: beganBy + 1, id: "" };
}

function placeIn({ began, id }: StoredRow): ListPlace {
  return { began: Number(began), id: textIn(id) ?? "" };
}

/** By bytes, as SQLite compares. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
