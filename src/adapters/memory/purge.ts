import { OPEN } from "../../ports/deferred.ts";
import type { Purged } from "../../ports/store.ts";
import type { MemoryDatabase } from "./database.ts";

const NOTHING: Purged = { rows: 0, more: false };

/** Deletes at most `limit` sagas that are closed and were last written to before `before`. */
export function purge(database: MemoryDatabase, before: number, limit: number): Purged {
  if (database.sagas.size === 0) return NOTHING;
  const open = new Set<string>();
  for (const { sagaId, state } of database.deferred.values())
    if (OPEN.includes(state)) open.add(sagaId);
  const closed = [...database.sagas.values()].filter(
    ({ sagaId, last }) => last < before && !open.has(sagaId),
  );
  const gone = new Set(closed.slice(0, limit).map(({ sagaId }) => sagaId));
  for (const sagaId of gone) database.sagas.delete(sagaId);
  for (const row of [...database.deferred.values()])
    if (gone.has(row.sagaId)) database.dropDeferred(row);
  const rows = closed.slice(0, limit).reduce((sum, { journal }) => sum + journal.length, 0);
  return { rows: rows + purgeLoose(database, before), more: closed.length > limit };
}

/** Deliveries that belong to no saga are forgotten one by one. */
function purgeLoose(database: MemoryDatabase, before: number): number {
  const loose = database.sagas.get("");
  if (loose === undefined) return 0;
  const rows = [...database.deferred.values()].filter(({ sagaId }) => sagaId === "");
  const open = new Set(rows.filter(({ state }) => OPEN.includes(state)).map(({ id }) => id));
  const journal = loose.journal.filter(({ id, at }) => at >= before || open.has(id));
  const kept = new Set(journal.map(({ id }) => id));
  database.sagas.set("", { ...loose, journal });
  for (const row of rows)
    if (row.at < before && !open.has(row.id) && !kept.has(row.id)) database.dropDeferred(row);
  return loose.journal.length - journal.length;
}
