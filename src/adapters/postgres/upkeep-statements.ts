import { DEATH_REMEMBERED_MS, SUSPECTS_TOGETHER } from "../../ports/store.ts";
import { LOCK_SPACE } from "./schema.ts";
import type { MakeStatement } from "./write-statement.ts";

const TIMED = "state IN ('retrying', 'armed')";
const OPENS = "state IN ('armed', 'retrying', 'waiting', 'parked')";
const CLOCK = "clock AS MATERIALIZED (SELECT $S.now_ms() AS t)";

/**
 * Who lives. A program of before these locks does not clear `died_at`: it lives again once it has
 * renewed its lease.
 */
const LIVES = "(died_at IS NULL OR expires_at > died_at)";
const MEMBERS = `others AS MATERIALIZED (SELECT
    coalesce(array_agg(owner) FILTER (WHERE ${LIVES}), '{}') AS live,
    coalesce(array_agg(owner) FILTER (WHERE NOT ${LIVES}), '{}') AS dead FROM $S.member)`;
/**
 * The first number of the locks by which processes are known to live, beside `LOCK_SPACE`: "odos".
 */
export const MEMBER_LOCKS = LOCK_SPACE + 1;
/** When the server started: a lock of before says nothing. */
export const SERVER = "extract(epoch FROM pg_postmaster_start_time())::text";

/**
 * Condition for rows that no live process holds. Not by NOT EXISTS: that becomes a join, which the
 * server does not look up again for a row that another process has taken in the meantime.
 */
const free = (alias: string) =>
  `(${alias}.owner IS NULL OR ${alias}.owner <> ALL ((SELECT live FROM others)::text[]))`;
/** Whether a dead process holds the row. */
const orphan = (alias: string) =>
  `coalesce(${alias}.owner = ANY ((SELECT dead FROM others)::text[]), false) AS orphan`;
/**
 * Those rows of `taken` that are as they were when the statement began. A process that has joined
 * since then is not among its members, and may have taken one before this statement locked it.
 */
const unchanged = (table: string, key: string) =>
  `SELECT ${key} FROM taken t JOIN $S.${table} b USING (${key})
     WHERE b.owner IS NOT DISTINCT FROM t.owner`;
/**
 * What the lock of a member says. A lock that could be taken is free again with the end of the
 * statement, and two processes may look at once.
 */
const lock = (own = "NULL::int") => `CASE WHEN m.lock_key IS NULL THEN 'unknown'
  WHEN m.lock_key = ${own} THEN 'held'
  WHEN pg_try_advisory_xact_lock_shared(${MEMBER_LOCKS}, m.lock_key) THEN 'free' ELSE 'held' END`;
/**
 * What is seen of the members `m`: a JSON list of them. `own` is the key of the session that looks,
 * which its own lock does not keep out.
 */
export const membersSeen = (own?: string) =>
  `json_agg(json_build_object('owner', m.owner, 'beat', m.expires_at,
             'leaseMs', m.lease_ms, 'lock', ${lock(own)},
             'restarted', m.server IS DISTINCT FROM ${SERVER}))::text`;
/**
 * Whether the deferred delivery `d` is of a saga. The column of `deferred` has the default
 * collation: compared under that of `saga`, each look would read the whole table.
 */
const ofSaga = (saga: string) => `d.saga_id = ${saga}.saga_id COLLATE "default"`;
/** Condition for deliveries that the process knows: a JSON list of `knownList`. */
const known = (list: string) =>
  `(${list}::text IS NULL
     OR d.reaction IN (SELECT json_array_elements_text(${list}::text::json))
     OR d.reaction || chr(10) || d.type IN (SELECT json_array_elements_text(${list}::text::json)))`;

/** Makes the statements for members, claims, retention and declarations. */
export function upkeepStatements(statement: MakeStatement) {
  const due = `d.${TIMED} AND due_at <= (SELECT t FROM clock) AND ${known("$3")} AND ${free("d")}`;
  return {
    /**
     * Without locks that others wait for: are outbox rows free, when is a delivery due, has the
     * clock stepped back, has a process died, does this one count as alive, who are the others? The
     * time of the latest row is the end of an index: the planner takes it that a third of all rows
     * is later than the clock, and would find the first of those by reading the table.
     */
    peek: statement(
      "peek",
      `WITH ${CLOCK}, ${MEMBERS} SELECT t AS now,
         EXISTS (SELECT 1 FROM $S.outbox o WHERE ${free("o")}) AS free,
         (SELECT min(due_at) FROM $S.deferred d
           WHERE d.${TIMED} AND ${known("$2")} AND ${free("d")}) - t AS due,
         coalesce((SELECT max(set_at) FROM $S.deferred WHERE ${TIMED}) > t, false) AS stepped,
         EXISTS (SELECT 1 FROM $S.member WHERE owner <> $1
           AND abs(t - died_at) <= ${DEATH_REMEMBERED_MS}) AS died,
         EXISTS (SELECT 1 FROM $S.member WHERE owner = $1 AND ${LIVES}) AS alive,
         (SELECT ${membersSeen()}
           FROM $S.member m WHERE m.owner <> $1 AND ${LIVES}) AS members
       FROM clock`,
    ),
    /** Milliseconds until a delivery is due that no process holds. */
    nextDue: statement(
      "next_due",
      `WITH ${CLOCK}, ${MEMBERS} SELECT (SELECT min(due_at) FROM $S.deferred d
         WHERE d.${TIMED} AND ${known("$1")} AND ${free("d")}) - t AS due FROM clock`,
    ),
    claimOutbox: statement(
      "claim_outbox",
      `WITH ${MEMBERS}, taken AS MATERIALIZED (SELECT ticket, owner, ${orphan("o")}
           FROM $S.outbox o WHERE ${free("o")}
           ORDER BY ticket LIMIT $2::int FOR UPDATE SKIP LOCKED),
         moved AS (UPDATE $S.outbox SET owner = $1
           WHERE ticket = ANY (ARRAY(${unchanged("outbox", "ticket")}))
           RETURNING ticket, count, events)
       SELECT moved.*, orphan FROM moved JOIN taken USING (ticket) ORDER BY ticket`,
    ),
    /** Deliveries with claims behind them come apart from others, and few at a time. */
    claimDeferred: statement(
      "claim_deferred",
      `WITH ${CLOCK}, ${MEMBERS}, worst AS MATERIALIZED (
         SELECT coalesce(max(claims), 0) AS c FROM $S.deferred d WHERE ${due}),
       taken AS MATERIALIZED (SELECT seq, owner, ${orphan("d")} FROM $S.deferred d
         WHERE ${due} AND (claims > 0 OR (SELECT c FROM worst) = 0)
         ORDER BY claims DESC, due_at
         LIMIT (SELECT least($2::int, CASE c WHEN 0 THEN $2::int WHEN 1 THEN ${SUSPECTS_TOGETHER}
           ELSE 1 END) FROM worst)
         FOR UPDATE SKIP LOCKED),
       moved AS (UPDATE $S.deferred SET owner = $1, claims = claims + 1
         WHERE seq = ANY (ARRAY(${unchanged("deferred", "seq")})) RETURNING *)
       SELECT moved.*, orphan FROM moved JOIN taken USING (seq) ORDER BY seq`,
    ),
    /** After the clock has stepped back, the delay of a delivery begins again: never early. */
    steady: statement(
      "steady",
      `WITH ${CLOCK} UPDATE $S.deferred SET due_at = t + due_at - set_at, set_at = t
       FROM clock WHERE ${TIMED} AND set_at > t`,
    ),
    beat: statement(
      "beat",
      `INSERT INTO $S.member AS m (owner, expires_at, lease_ms, lock_key, server)
       VALUES ($1, $S.now_ms() + $2::bigint, $2::bigint, $3::int, $4) ON CONFLICT (owner)
       DO UPDATE SET expires_at = excluded.expires_at, lease_ms = excluded.lease_ms,
         lock_key = excluded.lock_key, server = excluded.server, died_at = NULL
       RETURNING deaths, xmax = 0 AS joined`,
    ),
    putBacklog: statement(
      "put_backlog",
      `UPDATE $S.member SET backlog = $2::bigint,
         empty_at = CASE WHEN $2::bigint = 0 THEN $S.now_ms() - $3::bigint ELSE empty_at END
       WHERE owner = $1`,
    ),
    putBusFault: statement(
      "put_bus_fault",
      `UPDATE $S.member SET bus_fault = $2::text, bus_lost_at = $S.now_ms() - $3::bigint
       WHERE owner = $1`,
    ),
    /** The same for earlier ids of a process, unless it has given them up. */
    beatAs: statement(
      "beat_as",
      `UPDATE $S.member SET expires_at = $S.now_ms() + $2::bigint, lock_key = $3::int, server = $4
       WHERE owner IN (SELECT json_array_elements_text($1::text::json))`,
    ),
    /** Without a lock, a process may have died since its last beat. */
    others: statement(
      "others",
      `WITH ${CLOCK}, other AS MATERIALIZED (SELECT ${lock()} AS lock, m.* FROM $S.member m
         WHERE m.owner <> $1)
       SELECT CASE WHEN bool_or(NOT ${LIVES} OR lock = 'free'
           OR lock = 'unknown' AND expires_at <= t) THEN 'died'
         WHEN bool_or(lock = 'unknown') THEN 'running' ELSE 'none' END AS others
       FROM other, clock`,
    ),
    /**
     * Notes deaths, unless the process has said meanwhile that it lives. What another process is
     * writing is left: that one beats, or is found dead by two at once.
     */
    bury: statement(
      "bury",
      `WITH ${CLOCK}, silent AS MATERIALIZED (SELECT m.owner FROM $S.member m
           JOIN json_to_recordset($1::text::json) AS r(owner text, beat bigint)
             ON m.owner = r.owner AND m.expires_at = r.beat
           WHERE ${LIVES} FOR UPDATE OF m SKIP LOCKED)
       UPDATE $S.member AS m SET died_at = t, expires_at = least(expires_at, t), deaths = deaths + 1
       FROM clock WHERE m.owner = ANY (ARRAY(SELECT owner FROM silent))
       RETURNING coalesce(m.lock_key::text, m.owner) AS process`,
    ),
    forgetDead: statement(
      "forget_dead",
      `WITH ${CLOCK} DELETE FROM $S.member USING clock
       WHERE abs(t - died_at) > ${DEATH_REMEMBERED_MS}`,
    ),
    /**
     * What a process has claimed and not handled does not count; what it held was not claimed. One
     * that is being handled is left: beats must not wait for it on this connection.
     */
    giveBack: statement(
      "give_back",
      `UPDATE $S.deferred SET owner = NULL, claims = greatest(claims - 1, 0)
       WHERE seq = ANY (ARRAY(SELECT seq FROM $S.deferred
         WHERE owner = $1 AND ${TIMED} FOR UPDATE SKIP LOCKED))`,
    ),
    leave: statement("leave", "DELETE FROM $S.member WHERE owner = $1"),
    /** Where retention ends, this week, and the weeks that have a partition. */
    horizon: statement(
      "horizon",
      `WITH ${CLOCK} SELECT t - $1::bigint AS before, t / 604800000 AS week,
         (SELECT json_agg(substr(c.relname, 8)::bigint)::text FROM pg_inherits i
           JOIN pg_class c ON c.oid = i.inhrelid
           WHERE i.inhparent = '$S.inbox'::regclass AND c.relname ~ '^inbox_w[0-9]+$') AS weeks
       FROM clock`,
    ),
    addPartition: statement("add_partition", "SELECT $S.add_partition($1::bigint)"),
    dropPartition: statement(
      "drop_partition",
      "SELECT $S.drop_partition($1::bigint, $2::bigint) AS rows",
    ),
    /**
     * Sagas behind the cursor that began before a time, and whether they are closed. LATERAL with a
     * limit looks each one up, so that the planner does not hash all that is deferred.
     */
    examine: statement(
      "examine",
      `SELECT p.saga_id, p.born, p.last < $3::bigint AND open.yes IS NULL AS closed
       FROM (SELECT saga_id, born, last FROM $S.saga
         WHERE (born, saga_id) > ($1::bigint, $2) AND born < $4::bigint
         ORDER BY born, saga_id LIMIT $5::int) AS p
       LEFT JOIN LATERAL (SELECT true AS yes FROM $S.deferred d
         WHERE ${ofSaga("p")} AND d.${OPENS} LIMIT 1) AS open ON true
       ORDER BY p.born, p.saga_id`,
    ),
    /** Deletes those sagas of a JSON list that are still closed. */
    deleteSagas: statement(
      "delete_sagas",
      `WITH gone AS (DELETE FROM $S.saga s USING json_array_elements_text($1::text::json) AS list
         WHERE s.saga_id = list.value AND s.last < $2::bigint AND NOT EXISTS (
           SELECT 1 FROM $S.deferred d WHERE ${ofSaga("s")} AND d.${OPENS})
         RETURNING s.saga_id, s.born),
       rest AS (DELETE FROM $S.deferred d USING gone WHERE ${ofSaga("gone")}),
       rows AS (DELETE FROM $S.inbox i USING gone
         WHERE i.born = gone.born AND i.saga_id = gone.saga_id RETURNING 1)
       SELECT count(*) AS rows FROM rows`,
    ),
    looseInbox: statement(
      "loose_inbox",
      `DELETE FROM $S.inbox WHERE saga_id = '' AND at < $1::bigint
         AND born = (SELECT born FROM $S.saga WHERE saga_id = '')
         AND id NOT IN (SELECT id FROM $S.deferred d WHERE d.saga_id = '' AND d.${OPENS})`,
    ),
    looseDeferred: statement(
      "loose_deferred",
      `DELETE FROM $S.deferred d WHERE saga_id = '' AND at < $1::bigint AND NOT ${OPENS}
         AND id NOT IN (SELECT i.id FROM $S.saga s JOIN $S.inbox i
           ON i.born = s.born AND i.saga_id = s.saga_id WHERE s.saga_id = '')`,
    ),
    countDeferred: statement(
      "count_deferred",
      `SELECT 'deferred' AS kind, reaction AS name, type, state, count(*) AS count,
         max(at) AS newest_at FROM $S.deferred GROUP BY reaction, type, state`,
    ),
    countMarks: statement(
      "count_marks",
      `SELECT 'mark' AS kind, m.key AS name, m.value AS state, count(*) AS count,
         max(s.last) AS newest_at
       FROM $S.saga s, jsonb_each_text(s.marks) m GROUP BY m.key, m.value`,
    ),
    declarations: statement(
      "declarations",
      "SELECT * FROM $S.declaration ORDER BY last_at DESC, fingerprint",
    ),
    declare: statement(
      "declare",
      `WITH ${CLOCK} INSERT INTO $S.declaration (fingerprint, manifest, first_at, last_at)
       SELECT $1, $2, t, t FROM clock
       ON CONFLICT (fingerprint) DO UPDATE SET last_at = excluded.last_at`,
    ),
  };
}
