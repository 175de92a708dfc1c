import type { MakeStatement } from "./write-statement.ts";

const PAGE = `WHERE (s.born, s.saga_id) < ($1::bigint, $2) AND s.saga_id <> ''
  ORDER BY s.born DESC, s.saga_id DESC LIMIT $3::int`;

/**
 * Makes the statements that list sagas. Those among a few are found first, by their own key, so
 * that the planner does not walk over all sagas in order to meet them.
 */
export function listStatements(statement: MakeStatement) {
  const among = (name: string, few: string) =>
    statement(
      name,
      `WITH few AS MATERIALIZED (${few})
       SELECT s.born, s.saga_id FROM few JOIN $S.saga s ON s.saga_id = few.saga_id ${PAGE}`,
    );
  return {
    list: statement("list", `SELECT s.born, s.saga_id FROM $S.saga s ${PAGE}`),
    listDeferred: among(
      "list_deferred",
      `SELECT DISTINCT saga_id COLLATE "C" AS saga_id FROM $S.deferred
       WHERE state IN (SELECT json_array_elements_text($4::text::json))`,
    ),
    listCorrelated: among(
      "list_correlated",
      `SELECT saga_id FROM $S.saga WHERE correlation_id = $4
       UNION SELECT saga_id FROM $S.saga WHERE saga_id = $4 AND correlation_id IS NULL`,
    ),
    /**
     * All of some sagas. One statement, so that rows of one saga are of one moment. `deferred` has
     * the default collation: compared with a column of another one, it would not use its index.
     */
    histories: statement(
      "histories",
      `SELECT s.saga_id, s.born, s.last, s.correlation_id,
         (SELECT json_agg(i)::text FROM $S.inbox i
           WHERE i.born = s.born AND i.saga_id = s.saga_id) AS journal,
         (SELECT json_agg(d)::text FROM $S.deferred d WHERE d.saga_id = wanted.value) AS deferred
       FROM json_array_elements_text($1::text::json) AS wanted
       JOIN $S.saga s ON s.saga_id = wanted.value`,
    ),
  };
}
