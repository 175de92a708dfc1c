import { toCensusRow } from "../../adapter/rows.ts";
import type { CensusRow } from "../../ports/declarations.ts";
import type { Connection } from "./sql.ts";

const CENSUS = `SELECT 'deferred' AS kind, reaction AS name, type, state, count(*) AS count,
    max(at) AS newest_at
  FROM odori_deferred GROUP BY reaction, type, state
  UNION ALL
  SELECT 'mark', m.key, NULL, m.value, count(*), max(s.last)
  FROM odori_saga AS s, json_each(s.marks) AS m GROUP BY m.key, m.value`;

/** Counts deferred deliveries by reaction, type and state, and marks by name and state. */
export function census(connection: Connection): readonly CensusRow[] {
  return connection.all(CENSUS).map(toCensusRow);
}
