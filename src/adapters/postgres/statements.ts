import { hash } from "node:crypto";
import { LOCK_SPACE } from "./schema.ts";
import type { Statement } from "./sql.ts";

const BLOCKS = "state IN ('retrying', 'waiting', 'parked')";
const TIMED = "state IN ('retrying', 'armed')";

/** The statements of one schema. */
export type Statements = ReturnType<typeof statementsFor>;

/** What one batch writes: each list as JSON, undefined if it is empty. */
export interface WriteParts {
  /** The time of inbox and outbox rows, in milliseconds since 1970. */
  readonly at: string;
  readonly journal: string | undefined;
  readonly marks: string | undefined;
  readonly confirm: string | undefined;
  readonly defer: string | undefined;
  readonly enqueue:
    | { readonly owner: string | null; readonly count: number; readonly events: string }
    | undefined;
}

/**
 * Makes the bookkeeping statements of one schema, given by its name in quotes. Each list is one
 * JSON text, because drivers differ in how they pass arrays. The names of prepared statements
 * contain a hash of the schema: behind a pooler, services share connections.
 */
export function statementsFor(schema: string) {
  const suffix = hash("sha1", schema, "hex").slice(0, 12);
  const statement = (name: string, text: string): Statement => ({
    name: `odori_${name}_${suffix}`,
    text: text.replaceAll("$S", schema),
  });
  /** Condition for rows that no live owner holds. */
  const free = (alias: string) =>
    `NOT EXISTS (SELECT 1 FROM $S.member m
       WHERE m.owner = ${alias}.owner AND m.expires_at > (SELECT t FROM clock))`;
  const clock = "clock AS MATERIALIZED (SELECT $S.now_ms() AS t)";
  return {
    /**
     * Locks the sagas of a JSON list. Returns the time and the transaction's id. The locks are
     * taken in one order, so that two batches cannot deadlock. The look-up is a separate statement:
     * its snapshot must be taken after the locks.
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
    /** The server process of the connection. */
    pid: statement("pid", "SELECT pg_backend_pid() AS pid"),
    /** Looks up receipts. Returns no row for a fresh one of a saga without marks: the most. */
    receive: statement(
      "receive",
      `SELECT a.n, known.x IS NOT NULL AS known, blocking.x IS NOT NULL AS blocked,
         marks.list AS marks
       FROM json_to_recordset($1::text::json)
         AS a(n int, reaction text, source text, id text, saga text)
       LEFT JOIN LATERAL (SELECT 1 AS x FROM $S.inbox i
         WHERE i.id = a.id AND i.reaction = a.reaction AND i.source = a.source
         LIMIT 1) AS known ON true
       LEFT JOIN LATERAL (SELECT 1 AS x FROM $S.deferred d
         WHERE d.saga_id = a.saga AND d.reaction = a.reaction AND d.${BLOCKS}
         LIMIT 1) AS blocking ON true
       LEFT JOIN LATERAL (SELECT json_agg(json_build_array(f.name, f.state))::text AS list
         FROM $S.fence f WHERE f.saga_id = a.saga) AS marks ON true
       WHERE known.x IS NOT NULL OR blocking.x IS NOT NULL OR marks.list IS NOT NULL`,
    ),
    /** Returns those of the deferred deliveries that this owner holds, and locks them. */
    held: statement(
      "held",
      `SELECT seq FROM $S.deferred
       WHERE seq IN (SELECT value::bigint FROM json_array_elements_text($1::text::json))
         AND owner IS NOT DISTINCT FROM $2::text AND ${TIMED} FOR UPDATE`,
    ),
    gathered: statement(
      "gathered",
      `SELECT body FROM $S.deferred
       WHERE saga_id = $1 AND reaction = $2 AND state = 'gathered' ORDER BY seq`,
    ),
    /** Writes a batch in one statement, which contains only the parts that are not empty. */
    write(parts: WriteParts): {
      readonly statement: Statement;
      readonly values: (string | number | null)[];
    } {
      const values: (string | number | null)[] = [];
      const bind = (...bound: (string | number | null)[]) =>
        bound.map((value) => `$${values.push(value)}`);
      const writes: string[] = [];
      const { at, journal, marks, confirm, defer, enqueue } = parts;
      if (journal !== undefined) {
        const [rows, time] = bind(journal, at);
        writes.push(`journal AS (INSERT INTO $S.inbox (reaction, source, id, type, saga_id,
            causation_id, disposition, effect, emitted, at)
          SELECT r.reaction, r.source, r.id, r.type, r.saga, r.causation, r.disposition, r.effect,
            r.emitted, ${time}::bigint
          FROM json_to_recordset(${rows}::text::json) AS r(reaction text, source text, id text,
            type text, saga text, causation text, disposition text, effect text, emitted text))`);
      }
      if (marks !== undefined) {
        writes.push(`marks AS (INSERT INTO $S.fence (saga_id, name, state)
          SELECT r.saga, r.name, r.state
          FROM json_to_recordset(${bind(marks)}::text::json) AS r(saga text, name text, state text)
          ON CONFLICT (saga_id, name) DO UPDATE SET state = excluded.state)`);
      }
      if (confirm !== undefined) {
        writes.push(`confirmed AS (DELETE FROM $S.outbox WHERE ticket = ANY (ARRAY(
          SELECT value::bigint FROM json_array_elements_text(${bind(confirm)}::text::json))))`);
      }
      if (defer !== undefined) {
        writes.push(`deferred AS (INSERT INTO $S.deferred (reaction, saga_id, source, id, state,
            attempts, due_at, problem, malformed, body, at)
          SELECT r.reaction, r.saga, r.source, r.id, r.state, r.attempts, clock.t + r.delay,
            r.problem, r.malformed, r.body, clock.t
          FROM (SELECT $S.now_ms() AS t) AS clock, json_to_recordset(${bind(defer)}::text::json)
            AS r(reaction text, saga text, source text, id text, state text, attempts int,
              delay bigint, problem text, malformed boolean, body text))`);
      }
      if (enqueue !== undefined) {
        const [owner, count, events, time] = bind(enqueue.owner, enqueue.count, enqueue.events, at);
        writes.push(`sent AS (INSERT INTO $S.outbox (owner, count, events, at)
          VALUES (${owner}::text, ${count}::int, ${events}::text, ${time}::bigint)
          RETURNING ticket)`);
      }
      const answer = enqueue === undefined ? "NULL AS ticket" : "ticket FROM sent";
      const text = `WITH ${writes.join(", ")} SELECT ${answer}`;
      const present = [journal, marks, confirm, defer, enqueue]
        .map((part) => (part === undefined ? "0" : "1"))
        .join("");
      return { statement: statement(`write_${present}`, text), values };
    },
    /** Keeps a part of outbox rows. */
    reduce: statement(
      "reduce",
      `UPDATE $S.outbox AS o SET count = r.count, events = r.events
       FROM json_to_recordset($1::text::json) AS r(ticket bigint, count int, events text)
       WHERE o.ticket = r.ticket`,
    ),
    /** Lets another owner, or the same one, claim outbox rows. */
    releaseOutbox: statement(
      "release_outbox",
      `UPDATE $S.outbox SET owner = NULL WHERE ticket = ANY (ARRAY(
         SELECT value::bigint FROM json_array_elements_text($1::text::json)))`,
    ),
    amend: statement(
      "amend",
      `UPDATE $S.inbox AS i SET disposition = r.disposition, effect = r.effect,
         emitted = r.emitted, at = $2::bigint
       FROM json_to_recordset($1::text::json) AS r(reaction text, source text, id text,
         disposition text, effect text, emitted text)
       WHERE i.id = r.id AND i.reaction = r.reaction AND i.source = r.source`,
    ),
    /** Whether an inbox row exists as a transaction wrote it. */
    evidence: statement(
      "evidence",
      "SELECT 1 FROM $S.inbox WHERE id = $1 AND reaction = $2 AND source = $3 AND at = $4::bigint",
    ),
    redefer: statement(
      "redefer",
      `UPDATE $S.deferred AS d SET state = r.state, attempts = r.attempts,
         due_at = $S.now_ms() + r.delay, problem = r.problem, owner = NULL
       FROM json_to_recordset($1::text::json)
         AS r(seq bigint, state text, attempts int, delay bigint, problem text)
       WHERE d.seq = r.seq RETURNING d.saga_id, d.reaction, d.state`,
    ),
    settle: statement(
      "settle",
      `DELETE FROM $S.deferred WHERE seq = ANY (ARRAY(
         SELECT value::bigint FROM json_array_elements_text($1::text::json)))
       RETURNING saga_id, reaction`,
    ),
    drop: statement(
      "drop",
      `DELETE FROM $S.deferred AS d
       USING json_to_recordset($1::text::json) AS r(saga text, reaction text, state text)
       WHERE d.saga_id = r.saga AND d.reaction = r.reaction AND d.state = r.state`,
    ),
    /** For each saga and reaction: makes the first waiting delivery due, unless one precedes it. */
    release: statement(
      "release",
      `UPDATE $S.deferred SET state = 'retrying', due_at = $S.now_ms(), owner = NULL
       WHERE state = 'waiting' AND seq IN (
         SELECT min(d.seq) FROM json_to_recordset($1::text::json) AS r(saga text, reaction text)
         JOIN $S.deferred d ON d.saga_id = r.saga AND d.reaction = r.reaction AND d.${BLOCKS}
         GROUP BY d.saga_id, d.reaction)`,
    ),
    /** Without locks: are outbox rows free, when is a delivery due, how long lasts the lease? */
    peek: statement(
      "peek",
      `WITH ${clock} SELECT EXISTS (SELECT 1 FROM $S.outbox o WHERE ${free("o")}) AS free,
         (SELECT min(due_at) FROM $S.deferred d WHERE d.${TIMED} AND ${free("d")})
           - (SELECT t FROM clock) AS due,
         (SELECT expires_at - (SELECT t FROM clock) FROM $S.member WHERE owner = $1) AS lease`,
    ),
    claimOutbox: statement(
      "claim_outbox",
      `WITH ${clock} UPDATE $S.outbox SET owner = $1 WHERE ticket = ANY (ARRAY(
         SELECT ticket FROM $S.outbox o WHERE ${free("o")}
         ORDER BY ticket LIMIT $2::int FOR UPDATE SKIP LOCKED)) RETURNING ticket, events`,
    ),
    claimDeferred: statement(
      "claim_deferred",
      `WITH ${clock} UPDATE $S.deferred SET owner = $1 WHERE seq = ANY (ARRAY(
         SELECT seq FROM $S.deferred d
         WHERE d.${TIMED} AND due_at <= (SELECT t FROM clock) AND ${free("d")}
         ORDER BY due_at LIMIT $2::int FOR UPDATE SKIP LOCKED)) RETURNING *`,
    ),
    renew: statement(
      "renew",
      `INSERT INTO $S.member (owner, expires_at) VALUES ($1, $S.now_ms() + $2::bigint)
       ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at`,
    ),
    deleteExpiredMembers: statement(
      "delete_expired_members",
      "DELETE FROM $S.member WHERE expires_at < $S.now_ms()",
    ),
    leave: statement("leave", "DELETE FROM $S.member WHERE owner = $1"),
    /** A subquery reads the clock once; compared to a volatile function, no index is used. */
    purgeInbox: statement(
      "purge_inbox",
      `DELETE FROM $S.inbox WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM $S.inbox WHERE at < (SELECT $S.now_ms() - $1::bigint)
         ORDER BY at LIMIT $2::int FOR UPDATE SKIP LOCKED)) RETURNING saga_id`,
    ),
    purgeFence: statement(
      "purge_fence",
      `DELETE FROM $S.fence f USING json_array_elements_text($1::text::json) AS gone
       WHERE f.saga_id = gone.value
         AND NOT EXISTS (SELECT 1 FROM $S.inbox i WHERE i.saga_id = gone.value)`,
    ),
    purgeDeferred: statement(
      "purge_deferred",
      `DELETE FROM $S.deferred WHERE seq = ANY (ARRAY(
         SELECT seq FROM $S.deferred
         WHERE state IN ('answered', 'discarded') AND at < (SELECT $S.now_ms() - $1::bigint)
         LIMIT $2::int))`,
    ),
    journalOf: statement(
      "journal_of",
      "SELECT * FROM $S.inbox WHERE saga_id = $1 ORDER BY at, seq",
    ),
    sagas: statement(
      "sagas",
      "SELECT saga_id FROM $S.inbox GROUP BY saga_id ORDER BY max(seq) DESC LIMIT $1::int",
    ),
    deferredIn: statement(
      "deferred_in",
      `SELECT * FROM $S.deferred
       WHERE state IN (SELECT json_array_elements_text($1::text::json))
       ORDER BY seq LIMIT $2::int`,
    ),
    counts: statement(
      "counts",
      `SELECT coalesce(sum(count), 0)::int AS events,
         coalesce($S.now_ms() - min(at), 0)::float8 AS oldest FROM $S.outbox`,
    ),
    states: statement(
      "states",
      "SELECT state, count(*)::int AS rows FROM $S.deferred GROUP BY state",
    ),
    find: statement("find", "SELECT saga_id, state FROM $S.deferred WHERE seq = $1::bigint"),
    retry: statement(
      "retry",
      `UPDATE $S.deferred
       SET state = 'retrying', attempts = 0, due_at = $S.now_ms(), owner = NULL
       WHERE seq = $1::bigint AND state = 'parked' RETURNING *`,
    ),
    discard: statement(
      "discard",
      `UPDATE $S.deferred SET state = 'discarded', reason = $2
       WHERE seq = $1::bigint AND state IN ('parked', 'retrying') RETURNING *`,
    ),
    markDiscarded: statement(
      "mark_discarded",
      `UPDATE $S.inbox SET disposition = 'discarded', at = $S.now_ms()
       WHERE id = $1 AND reaction = $2 AND source = $3`,
    ),
  };
}
