import { toHistory } from "../../adapter/rows.ts";
import type { SagaHistory, SagaPlace, SagaQuery } from "../../ports/inspection.ts";
import { BEHIND_ALL } from "../../ports/saga-order.ts";
import type { Connection } from "./sql.ts";

const PAGE = `(s.born, s.saga_id) < (?1, ?2) AND s.saga_id <> ''
  ORDER BY s.born DESC, s.saga_id DESC LIMIT ?3`;
const ALL = `SELECT s.born, s.saga_id FROM odori_saga AS s WHERE ${PAGE}`;
/** Those among a few are found first, by their own key. CROSS JOIN keeps the order of the loops. */
const AMONG = (few: string) => `WITH few AS MATERIALIZED (${few})
  SELECT s.born, s.saga_id FROM few CROSS JOIN odori_saga AS s
  WHERE s.saga_id = few.saga_id AND ${PAGE}`;
const DEFERRED = AMONG(`SELECT DISTINCT saga_id FROM odori_deferred
  WHERE state IN (SELECT value FROM json_each(?4))`);
const CORRELATED = AMONG(`SELECT saga_id FROM odori_saga WHERE correlation_id = ?4
  UNION SELECT saga_id FROM odori_saga WHERE saga_id = ?4 AND correlation_id IS NULL`);

const object = (columns: readonly string[]) =>
  `json_object(${columns.map((name) => `'${name}', ${name}`).join(", ")})`;
const INBOX = object([
  "seq",
  "reaction",
  "source",
  "id",
  "type",
  "saga_id",
  "causation_id",
  "disposition",
  "effect",
  "emitted",
  "attempt",
  "duration_ms",
  "duplicates",
  "fingerprint",
  "at",
]);
const PUT_OFF = object([
  "seq",
  "reaction",
  "saga_id",
  "source",
  "id",
  "type",
  "state",
  "attempts",
  "claims",
  "due_at",
  "problem",
  "malformed",
  "body",
  "at",
  "reason",
]);
/** One statement, so that rows of one saga are of one moment. */
const HISTORIES = `SELECT s.saga_id, s.born, s.last, s.correlation_id,
    (SELECT json_group_array(${INBOX}) FROM odori_inbox AS i
      WHERE i.born = s.born AND i.saga_id = s.saga_id) AS journal,
    (SELECT json_group_array(${PUT_OFF}) FROM odori_deferred AS d
      WHERE d.saga_id = s.saga_id) AS deferred
  FROM json_each(?) AS wanted JOIN odori_saga AS s ON s.saga_id = wanted.value`;

/** Lists sagas by the key (`born`, `saga_id`). */
export function listSagas(
  sql: Connection,
  { before = BEHIND_ALL, limit, among }: SagaQuery,
): readonly SagaPlace[] {
  const page = [before.born, before.sagaId, limit] as const;
  const rows =
    among === undefined
      ? sql.all(ALL, ...page)
      : "states" in among
        ? sql.all(DEFERRED, ...page, JSON.stringify(among.states))
        : sql.all(CORRELATED, ...page, among.correlationId);
  return rows.map(({ born, saga_id }) => ({ born: Number(born), sagaId: String(saga_id) }));
}

/** Reads all of some sagas. */
export function historiesOf(sql: Connection, sagaIds: readonly string[]): readonly SagaHistory[] {
  return sql.all(HISTORIES, JSON.stringify([...new Set(sagaIds)])).map(toHistory);
}
