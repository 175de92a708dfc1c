import type { Purged } from "../../ports/store.ts";
import { OPENS } from "./deferred.ts";
import type { Connection } from "./sql.ts";

/** Where the next `purge` goes on. */
export interface PurgeCursor {
  readonly born: number;
  readonly sagaId: string;
}

/** Before the first saga. */
export const PURGE_START: PurgeCursor = { born: Number.MIN_SAFE_INTEGER, sagaId: "" };

/** No row of a saga is older than the saga itself. */
const OLDEST = "SELECT born FROM odori_saga ORDER BY born LIMIT 1";
const EXAMINE = `SELECT saga_id, born, last < ?3 AND NOT EXISTS (
    SELECT 1 FROM odori_deferred AS d WHERE d.saga_id = s.saga_id AND d.${OPENS}) AS closed
  FROM odori_saga AS s WHERE (born, saga_id) > (?1, ?2) AND born < ?3
  ORDER BY born, saga_id LIMIT ?4`;
const DELETE_INBOX = "DELETE FROM odori_inbox WHERE born = ? AND saga_id = ?";
const DELETE_DEFERRED = "DELETE FROM odori_deferred WHERE saga_id = ?";
const DELETE_SAGA = "DELETE FROM odori_saga WHERE saga_id = ?";
const LOOSE_INBOX = `DELETE FROM odori_inbox WHERE seq IN (
  SELECT i.seq FROM odori_saga AS s JOIN odori_inbox AS i ON i.born = s.born AND i.saga_id = ''
  WHERE s.saga_id = '' AND i.at < ?1 AND i.id NOT IN (
    SELECT d.id FROM odori_deferred AS d WHERE d.saga_id = '' AND d.${OPENS})
  LIMIT ?2)`;
const LOOSE_DEFERRED = `DELETE FROM odori_deferred WHERE seq IN (
  SELECT d.seq FROM odori_saga AS s JOIN odori_deferred AS d ON d.saga_id = s.saga_id
  WHERE s.saga_id = '' AND d.at < ?1 AND NOT d.${OPENS} AND NOT EXISTS (
    SELECT 1 FROM odori_inbox AS i WHERE i.born = s.born AND i.saga_id = ''
      AND i.reaction = d.reaction AND i.source = d.source AND i.id = d.id)
  LIMIT ?2)`;

/**
 * Deletes closed sagas that were last written to before `before`, inside a transaction. Examines at
 * most `limit` sagas, oldest first, behind the cursor: an open saga delays none behind it.
 */
export function purge(
  connection: Connection,
  { born, sagaId }: PurgeCursor,
  before: number,
  limit: number,
): Purged & { readonly cursor: PurgeCursor } {
  const oldest = connection.get(OLDEST)?.born;
  if (oldest === undefined || Number(oldest) >= before)
    return { rows: 0, more: false, cursor: PURGE_START };
  const sagas = connection.all(EXAMINE, born, sagaId, before, limit);
  let rows = 0;
  for (const saga of sagas.filter(({ closed }) => closed === 1)) {
    const id = String(saga.saga_id);
    rows += connection.run(DELETE_INBOX, Number(saga.born), id);
    connection.run(DELETE_DEFERRED, id);
    connection.run(DELETE_SAGA, id);
  }
  rows += connection.run(LOOSE_INBOX, before, limit);
  connection.run(LOOSE_DEFERRED, before, limit);
  const last = sagas.at(-1);
  const more = last !== undefined && sagas.length === limit;
  const cursor = more ? { born: Number(last.born), sagaId: String(last.saga_id) } : PURGE_START;
  return { rows, more, cursor };
}
