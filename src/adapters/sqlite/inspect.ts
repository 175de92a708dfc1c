import { toBacklog, toBusFault, toDeferred, toJournal, toState } from "../../adapter/rows.ts";
import { encodeStored } from "../../cloudevents/json.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { stemOf } from "../../contract/grammar.ts";
import type { Deferred, DeferredState } from "../../ports/deferred.ts";
import { notParked } from "../../ports/errors.ts";
import type {
  CountsQuery,
  SagaHistory,
  SagaPlace,
  SagaQuery,
  StoreCounts,
  StoreInspection,
} from "../../ports/inspection.ts";
import type { JournalRecord } from "../../ports/journal.ts";
import { DEATH_REMEMBERED_MS } from "../../ports/store.ts";
import { RELEASE_NEXT } from "./deferred.ts";
import { historiesOf, listSagas } from "./list.ts";
import type { Connection } from "./sql.ts";

const LIVE = `SELECT count(*) AS processes, max(backlog) AS deliveries, count(backlog) AS told,
    ?1 - min(empty_at) AS empty_ms, count(empty_at) AS emptied,
    max(bus_fault) AS bus_fault, ?1 - min(bus_lost_at) AS bus_lost_ms,
    EXISTS (SELECT 1 FROM odori_member
      WHERE coalesce(died_at, expires_at) BETWEEN ?1 - ${DEATH_REMEMBERED_MS} AND ?1) AS died
  FROM odori_member WHERE expires_at > ?1 AND expires_at <= ?1 + lease_ms`;
const JOURNAL = `SELECT i.* FROM odori_saga AS s
  JOIN odori_inbox AS i ON i.born = s.born AND i.saga_id = s.saga_id
  WHERE s.saga_id = ? ORDER BY i.at, i.seq LIMIT ?`;
const NEWEST = "SELECT seq, saga_id FROM odori_inbox WHERE seq < ? ORDER BY seq DESC LIMIT ?";
const TOUCH = "UPDATE odori_saga SET last = max(last, ?) WHERE saga_id = ?";
/** Each change of a row gives it the next place in the feed. */
const DISCARDED = `UPDATE odori_inbox SET disposition = 'discarded', at = ?6,
    seq = (SELECT seq + 1 FROM sqlite_sequence WHERE name = 'odori_inbox')
  WHERE born = (SELECT born FROM odori_saga WHERE saga_id = ?1) AND saga_id = ?1
    AND reaction = ?2 AND source = ?3 AND id = ?4 AND stem = ?5`;
const REPUBLISH = "INSERT INTO odori_outbox (owner, count, events, at) VALUES (NULL, 1, ?, ?)";
const COUNT_FEED = `UPDATE sqlite_sequence
  SET seq = max(seq, (SELECT max(seq) FROM odori_inbox)) WHERE name = 'odori_inbox'`;

/** How the inspection uses the database. */
export interface Access {
  /** Runs `work` while no transaction of this process is open. */
  read<T>(work: (sql: Connection) => T): Promise<T>;
  /** Runs `work` in a transaction. */
  write<T>(work: (sql: Connection) => T): Promise<T>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Reads the tables of a service. */
export class SqliteInspection implements StoreInspection {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  journal(sagaId: string, limit = -1): Promise<readonly JournalRecord[]> {
    return this.#access.read((sql) => sql.all(JOURNAL, sagaId, limit).map(toJournal));
  }

  sagas(limit: number): Promise<readonly string[]> {
    return this.#access.read((sql) => latestSagas(sql, limit));
  }

  list(query: SagaQuery): Promise<readonly SagaPlace[]> {
    return this.#access.read((sql) => listSagas(sql, query));
  }

  histories(sagaIds: readonly string[]): Promise<readonly SagaHistory[]> {
    return this.#access.read((sql) => historiesOf(sql, sagaIds));
  }

  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    const chosen = `SELECT * FROM odori_deferred WHERE state IN (SELECT value FROM json_each(?))
       ORDER BY seq LIMIT ?`;
    return this.#access.read((sql) =>
      sql.all(chosen, JSON.stringify(states), limit).map(toDeferred),
    );
  }

  counts({ deferred: all = true }: CountsQuery = {}): Promise<StoreCounts> {
    return this.#access.read((sql) => {
      const outbox = sql.get(
        "SELECT coalesce(sum(count), 0) AS events, min(at) AS oldest FROM odori_outbox",
      );
      const deferred: Partial<Record<DeferredState, number>> = {};
      const states = "SELECT state, count(*) AS rows FROM odori_deferred GROUP BY state";
      for (const row of all ? sql.all(states) : []) deferred[toState(row.state)] = Number(row.rows);
      const oldest = outbox?.oldest;
      const at = this.#access.now();
      const live = sql.get(LIVE, at);
      return {
        at,
        processes: Number(live?.processes),
        outbox: Number(outbox?.events),
        outboxOldestMs: typeof oldest === "number" ? Math.max(0, at - oldest) : 0,
        deferred,
        backlog: toBacklog(live),
        busFault: toBusFault(live),
      };
    });
  }

  retry(seq: number): Promise<Deferred> {
    return this.#access.write((sql) => {
      const again = `UPDATE odori_deferred
         SET state = 'retrying', attempts = 0, claims = 0, due_at = ?1, set_at = ?1, owner = NULL
         WHERE seq = ?2 AND state = 'parked' RETURNING *`;
      return toDeferred(sql.get(again, this.#access.now(), seq) ?? refuse(sql, seq));
    });
  }

  discard(seq: number, reason: string): Promise<Deferred> {
    return this.#access.write((sql) => {
      const close = `UPDATE odori_deferred SET state = 'discarded', reason = ?
         WHERE seq = ? AND state IN ('parked', 'retrying') RETURNING *`;
      const row = toDeferred(sql.get(close, reason, seq) ?? refuse(sql, seq));
      const now = this.#access.now();
      sql.run(TOUCH, now, row.sagaId);
      sql.run(DISCARDED, row.sagaId, row.reaction, row.source, row.id, stemOf(row.type), now);
      sql.run(COUNT_FEED);
      sql.run(RELEASE_NEXT, now, row.sagaId, row.reaction);
      return row;
    });
  }

  republish(event: EventEnvelope): Promise<void> {
    return this.#access.write((sql) => {
      sql.run(REPUBLISH, encodeStored([event]), this.#access.now());
    });
  }
}

function refuse(sql: Connection, seq: number): never {
  const state = sql.get("SELECT state FROM odori_deferred WHERE seq = ?", seq)?.state;
  throw notParked(seq, state === undefined ? undefined : toState(state));
}

/** Reads the feed backwards, until it has met enough sagas. */
function latestSagas(sql: Connection, limit: number): readonly string[] {
  const found = new Set<string>();
  let before = Number.MAX_SAFE_INTEGER;
  while (found.size < limit) {
    const rows = sql.all(NEWEST, before, limit * 2);
    for (const { saga_id } of rows) found.add(String(saga_id));
    const last = rows.at(-1);
    if (last === undefined || rows.length < limit * 2) break;
    before = Number(last.seq);
  }
  return [...found].slice(0, limit);
}
