import { JOURNAL_COLUMNS } from "./journal-columns.ts";
import { INTERPRETED } from "./open-transaction.ts";

/**
 * All that is read is of one snapshot. The planner expects more rows than come: FEED would be
 * compiled for longer than it runs. It is asked for often and has one good plan, which is kept: to
 * plan it each time took the server longer than to run it (0.32 ms for ten rows, and 0.09 without).
 * A plan of small tables may be kept while they grow: it has to be one by their indexes.
 */
export const FEED_BEGIN = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; ${INTERPRETED};
  SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off`;

/** The oldest transaction that runs, of the snapshot of FEED. */
export const OLDEST_RUNNING = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS running";

/**
 * LATERAL with a limit looks each saga up by its key, so that the planner does not read all of
 * them. Rows of text cost the server a third of what JSON would. Beside the rows nothing stands
 * before the join: then they are in order, and are not sorted again.
 */
export const FEED = `SELECT ${JOURNAL_COLUMNS}, f.saga_last, f.correlation_id FROM (
    SELECT i.* FROM json_to_recordset($2::text::json) AS g(a bigint, b bigint)
      JOIN $S.inbox i ON i.seq BETWEEN g.a AND g.b
    UNION ALL (SELECT * FROM $S.inbox WHERE seq > $1::bigint ORDER BY seq LIMIT $3::int)
    ORDER BY seq LIMIT $3::int) AS i
  LEFT JOIN LATERAL (SELECT last AS saga_last, correlation_id FROM $S.saga
    WHERE saga_id = i.saga_id AND born = i.born LIMIT 1) AS f ON true
  ORDER BY i.seq`;
