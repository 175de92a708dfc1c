import { toCensusRow } from "../../adapter/rows.ts";
import type { CensusRow } from "../../ports/declarations.ts";
import type { Connection } from "./sql.ts";

const COUNT = {
  deferred: `SELECT 'deferred' AS kind, reaction AS name, type, state, count(*) AS count,
      max(at) AS newest_at
    FROM odori_deferred GROUP BY reaction, type, state`,
  mark: `SELECT 'mark' AS kind, m.key AS name, m.value AS state, count(*) AS count,
      max(s.last) AS newest_at
    FROM odori_saga AS s, json_each(s.marks) AS m GROUP BY m.key, m.value`,
};

/** Counts deferred deliveries by reaction, type and state, or marks by name and state. */
export function census(connection: Connection, kind: CensusRow["kind"]): readonly CensusRow[] {
  return connection.all(COUNT[kind]).map(toCensusRow);
}
