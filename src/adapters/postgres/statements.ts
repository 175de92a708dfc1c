import { hash } from "node:crypto";
import { DEATH_REMEMBERED_MS } from "../../ports/store.ts";
import { JOURNAL_COLUMNS } from "./journal-columns.ts";
import { listStatements } from "./list-statements.ts";
import { LOCK_SPACE } from "./schema.ts";
import type { Statement } from "./sql.ts";
import { upkeepStatements } from "./upkeep-statements.ts";
import { type WriteParts, writeStatement } from "./write-statement.ts";

const BLOCKS = "state IN ('retrying', 'waiting', 'parked')";
const TIMED = "state IN ('retrying', 'armed')";
/**
 * For each saga and reaction of rows that were `changed` and block no more: makes the first waiting
 * delivery due, unless another one precedes it. The tables are as they were before the change.
 */
const RELEASE = `UPDATE $S.deferred SET state = 'retrying', claims = 0, due_at = clock.t,
    set_at = clock.t, owner = NULL
  FROM (SELECT $S.now_ms() AS t) AS clock
  WHERE state = 'waiting' AND seq IN (SELECT min(d.seq)
    FROM (SELECT DISTINCT saga_id, reaction FROM changed WHERE NOT blocks) AS r
    JOIN $S.deferred d ON d.saga_id = r.saga_id AND d.reaction = r.reaction
    LEFT JOIN changed c ON c.seq = d.seq
    WHERE coalesce(c.blocks, d.${BLOCKS}) GROUP BY d.saga_id, d.reaction)
  RETURNING seq`;
/** Behind a pooler, programs with other statements of these names share connections. */
const LAYOUT = 7;

/** The statements of one schema. */
export type Statements = ReturnType<typeof statementsFor>;

/**
 * Makes the bookkeeping statements of one schema, given by its name in quotes. Each list is one
 * JSON text, because drivers differ in how they pass arrays. The names of prepared statements
 * contain a hash of the schema: behind a pooler, services share connections.
 */
export function statementsFor(schema: string) {
  const suffix = hash("sha1", `${schema} ${LAYOUT}`, "hex").slice(0, 12);
  const statement = (name: string, text: string): Statement => ({
    name: `odori_${name}_${suffix}`,
    text: text.replaceAll("$S", schema),
  });
  return {
    ...upkeepStatements(statement),
    ...listStatements(statement),
    /**
     * Locks the sagas of a JSON list. Returns the time and the transaction's id. The locks are
     * taken in one order, so that two batches cannot deadlock. The look-up is a separate statement:
     * its snapshot must be taken after the locks. A transaction draws its id here, before any place
     * in the feed: a reader of the feed can then tell which places are still to come.
     */
    lock: statement(
      "lock",
      `SELECT count(pg_advisory_xact_lock(${LOCK_SPACE}, k)), $S.now_ms()::text AS at,
         pg_current_xact_id()::text AS xid
       FROM (SELECT DISTINCT hashtext('$S ' || value) AS k
         FROM json_array_elements_text($1::text::json) ORDER BY k OFFSET 0) AS keys`,
    ),
    /**
     * Locks the sagas of a JSON list that no other transaction holds. Returns those that one does,
     * the time, the transaction's id, and its server process. Nothing is waited for.
     */
    tryLock: statement(
      "try_lock",
      `SELECT (SELECT json_agg(value)::text FROM json_array_elements_text($1::text::json)
           WHERE NOT pg_try_advisory_xact_lock(${LOCK_SPACE}, hashtext('$S ' || value))) AS busy,
         $S.now_ms()::text AS at, pg_current_xact_id()::text AS xid, pg_backend_pid() AS pid`,
    ),
    /** Waits for other processes that are being set up. No saga has such a name. */
    alone: statement(
      "alone",
      `SELECT pg_advisory_xact_lock(${LOCK_SPACE}, hashtext('setup of $S'))`,
    ),
    /** The server process of the connection. */
    pid: statement("pid", "SELECT pg_backend_pid() AS pid"),
    /**
     * Looks up receipts. Returns no row for one of a saga that is not known. One event in several
     * versions has one identity: the number behind its type does not count.
     */
    receive: statement(
      "receive",
      `SELECT a.n, known.x IS NOT NULL AS known, blocking.x IS NOT NULL AS blocked,
         s.born, s.marks::text AS marks
       FROM json_to_recordset($1::text::json)
         AS a(n int, reaction text, source text, id text, stem text, saga text)
       JOIN LATERAL (SELECT born, marks FROM $S.saga
         WHERE saga_id = a.saga LIMIT 1) AS s ON true
       LEFT JOIN LATERAL (SELECT 1 AS x FROM $S.inbox i
         WHERE i.born = s.born AND i.saga_id = a.saga AND i.reaction = a.reaction
           AND i.source = a.source AND i.id = a.id AND i.stem = a.stem
         LIMIT 1) AS known ON true
       LEFT JOIN LATERAL (SELECT 1 AS x FROM $S.deferred d
         WHERE d.saga_id = a.saga AND d.reaction = a.reaction AND d.${BLOCKS}
         LIMIT 1) AS blocking ON true`,
    ),
    /**
     * Returns those of the deferred deliveries that this owner holds, and locks them. It waits for
     * none whose saga another transaction holds, and may be sent behind the locks.
     */
    held: statement(
      "held",
      `WITH own AS MATERIALIZED (SELECT seq, saga_id FROM $S.deferred
         WHERE seq IN (SELECT value::bigint FROM json_array_elements_text($1::text::json))),
       free AS MATERIALIZED (SELECT seq FROM own
         WHERE pg_try_advisory_xact_lock(${LOCK_SPACE}, hashtext('$S ' || saga_id)))
       SELECT seq FROM $S.deferred
       WHERE seq IN (SELECT seq FROM free)
         AND owner IS NOT DISTINCT FROM $2::text AND ${TIMED} FOR UPDATE`,
    ),
    gathered: statement(
      "gathered",
      `SELECT seq, body FROM $S.deferred
       WHERE saga_id = $1 AND reaction = $2 AND state = 'gathered' ORDER BY seq`,
    ),
    /** Returns a row if a saga has heard or emitted one type of a JSON list, in any version. */
    passed: statement(
      "passed",
      `SELECT 1 AS passed FROM $S.saga s
       JOIN $S.inbox i ON i.born = s.born AND i.saga_id = s.saga_id
       CROSS JOIN LATERAL (SELECT i.type AS type UNION ALL
         SELECT e ->> 'type' FROM json_array_elements(i.emitted::json) AS e) AS seen
       JOIN json_array_elements_text($2::text::json) AS sought
         ON rtrim(seen.type, '0123456789') = rtrim(sought.value, '0123456789')
       WHERE s.saga_id = $1 LIMIT 1`,
    ),
    /** Writes a batch in one statement, which contains only the parts that are not empty. */
    write: (parts: WriteParts) => writeStatement(parts, statement),
    /** Keeps a part of outbox rows. */
    reduce: statement(
      "reduce",
      `UPDATE $S.outbox AS o SET count = r.count, events = r.events
       FROM json_to_recordset($1::text::json) AS r(ticket bigint, count int, events text)
       WHERE o.ticket = r.ticket`,
    ),
    /** Lets another owner, or the same one, claim outbox rows that it holds. */
    releaseOutbox: statement(
      "release_outbox",
      `UPDATE $S.outbox SET owner = NULL WHERE owner = $2 AND ticket = ANY (ARRAY(
         SELECT value::bigint FROM json_array_elements_text($1::text::json)))`,
    ),
    /** Each change of a row gives it the next place in the feed. */
    amend: statement(
      "amend",
      `UPDATE $S.inbox AS i SET disposition = r.disposition, effect = r.effect,
         emitted = r.emitted, attempt = r.attempt, duration_ms = r.duration,
         fingerprint = $3::text, at = $2::bigint, seq = nextval('$S.feed')
       FROM json_to_recordset($1::text::json) AS r(reaction text, source text, id text,
         stem text, saga text, disposition text, effect text, emitted text, attempt int,
         duration bigint)
       JOIN $S.saga AS s ON s.saga_id = r.saga
       WHERE i.born = s.born AND i.saga_id = r.saga AND i.reaction = r.reaction
         AND i.source = r.source AND i.id = r.id AND i.stem = r.stem`,
    ),
    /** Its place in the feed does not change: what a delivery came to is as it was. */
    countDuplicates: statement(
      "count_duplicates",
      `UPDATE $S.inbox AS i SET duplicates = duplicates + r.times
       FROM (SELECT reaction, source, id, stem, saga, count(*)::int AS times
         FROM json_to_recordset($1::text::json)
           AS a(reaction text, source text, id text, stem text, saga text)
         GROUP BY reaction, source, id, stem, saga) AS r
       JOIN $S.saga AS s ON s.saga_id = r.saga
       WHERE i.born = s.born AND i.saga_id = r.saga AND i.reaction = r.reaction
         AND i.source = r.source AND i.id = r.id AND i.stem = r.stem`,
    ),
    /** Whether an inbox row exists as a transaction wrote it. */
    evidence: statement(
      "evidence",
      `SELECT 1 FROM $S.saga AS s JOIN $S.inbox AS i ON i.born = s.born AND i.saga_id = s.saga_id
       WHERE s.saga_id = $1 AND i.reaction = $2 AND i.source = $3 AND i.id = $4 AND i.stem = $5
         AND i.at = $6::bigint`,
    ),
    /** Changes rows, and makes due what waited for those that block no more. */
    redefer: statement(
      "redefer",
      `WITH changed AS (UPDATE $S.deferred AS d SET state = r.state, attempts = r.attempts,
           due_at = clock.t + r.delay, set_at = clock.t, problem = r.problem, claims = 0,
           owner = NULL
         FROM (SELECT $S.now_ms() AS t) AS clock, json_to_recordset($1::text::json)
           AS r(seq bigint, state text, attempts int, delay bigint, problem text)
         WHERE d.seq = r.seq RETURNING d.seq, d.saga_id, d.reaction, d.${BLOCKS} AS blocks)
       ${RELEASE}`,
    ),
    /** Deletes rows, and makes due what waited for them. */
    settle: statement(
      "settle",
      `WITH changed AS (DELETE FROM $S.deferred WHERE seq = ANY (ARRAY(
         SELECT value::bigint FROM json_array_elements_text($1::text::json)))
         RETURNING seq, saga_id, reaction, false AS blocks)
       ${RELEASE}`,
    ),
    drop: statement(
      "drop",
      `DELETE FROM $S.deferred AS d
       USING json_to_recordset($1::text::json) AS r(saga text, reaction text, state text)
       WHERE d.saga_id = r.saga AND d.reaction = r.reaction AND d.state = r.state`,
    ),
    /** Makes due what waited for a delivery of a saga and reaction. */
    release: statement(
      "release",
      `WITH changed AS (SELECT NULL::bigint AS seq, saga AS saga_id, reaction, false AS blocks
         FROM json_to_recordset($1::text::json) AS r(saga text, reaction text))
       ${RELEASE}`,
    ),
    journalOf: statement(
      "journal_of",
      `SELECT ${JOURNAL_COLUMNS} FROM $S.saga AS s
       JOIN $S.inbox AS i ON i.born = s.born AND i.saga_id = s.saga_id
       WHERE s.saga_id = $1 ORDER BY i.at, i.seq LIMIT $2::bigint`,
    ),
    /** Reads the feed backwards from a place. */
    newest: statement(
      "newest",
      "SELECT seq, saga_id FROM $S.inbox WHERE seq < $1::bigint ORDER BY seq DESC LIMIT $2::int",
    ),
    deferredIn: statement(
      "deferred_in",
      `SELECT * FROM $S.deferred
       WHERE state IN (SELECT json_array_elements_text($1::text::json))
       ORDER BY seq LIMIT $2::int`,
    ),
    counts: statement(
      "counts",
      `WITH clock AS MATERIALIZED (SELECT $S.now_ms() AS t),
       live AS (SELECT count(*)::int AS processes, max(backlog) AS deliveries,
           count(backlog)::int AS told, max(t - empty_at) AS empty_ms,
           count(empty_at)::int AS emptied, max(bus_fault) AS bus_fault,
           max(t - bus_lost_at)::float8 AS bus_lost_ms
         FROM $S.member, clock WHERE expires_at > t AND expires_at <= t + lease_ms),
       died AS (SELECT count(*)::int AS died FROM $S.member, clock
         WHERE coalesce(died_at, expires_at) BETWEEN t - ${DEATH_REMEMBERED_MS} AND t)
       SELECT t::float8 AS at, o.*, live.*, died.*
       FROM (SELECT coalesce(sum(count), 0)::int AS events, min(at)::float8 AS oldest
         FROM $S.outbox) AS o, live, died, clock`,
    ),
    states: statement(
      "states",
      "SELECT state, count(*)::int AS rows FROM $S.deferred GROUP BY state",
    ),
    find: statement("find", "SELECT saga_id, state FROM $S.deferred WHERE seq = $1::bigint"),
    retry: statement(
      "retry",
      `UPDATE $S.deferred
       SET state = 'retrying', attempts = 0, claims = 0, due_at = clock.t, set_at = clock.t,
         owner = NULL
       FROM (SELECT $S.now_ms() AS t) AS clock
       WHERE seq = $1::bigint AND state = 'parked' RETURNING *`,
    ),
    discard: statement(
      "discard",
      `UPDATE $S.deferred SET state = 'discarded', reason = $2
       WHERE seq = $1::bigint AND state IN ('parked', 'retrying') RETURNING *`,
    ),
    /** Puts an event into the outbox for the next process that claims. */
    republish: statement(
      "republish",
      `INSERT INTO $S.outbox (owner, count, events, at)
       VALUES (NULL, 1, $1::text, $S.now_ms())`,
    ),
    /** Each change of a row gives it the next place in the feed. */
    markDiscarded: statement(
      "mark_discarded",
      `WITH saga AS (UPDATE $S.saga SET last = greatest(last, $S.now_ms()) WHERE saga_id = $1
         RETURNING born)
       UPDATE $S.inbox AS i SET disposition = 'discarded', at = $S.now_ms(),
         seq = nextval('$S.feed')
       FROM saga WHERE i.born = saga.born AND i.saga_id = $1 AND i.reaction = $2
         AND i.source = $3 AND i.id = $4 AND i.stem = $5`,
    ),
  };
}
