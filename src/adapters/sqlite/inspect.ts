import { toDeferred, toJournal, toState } from "../../adapter/rows.ts";
import type { Deferred, DeferredState } from "../../ports/deferred.ts";
import { notParked } from "../../ports/errors.ts";
import type { StoreCounts, StoreInspection } from "../../ports/inspection.ts";
import type { JournalRecord } from "../../ports/journal.ts";
import { RELEASE_NEXT } from "./deferred.ts";
import type { Connection } from "./sql.ts";

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

  journal(sagaId: string): Promise<readonly JournalRecord[]> {
    return this.#access.read((sql) =>
      sql
        .all("SELECT * FROM odori_inbox WHERE saga_id = ? ORDER BY at, seq", sagaId)
        .map(toJournal),
    );
  }

  sagas(limit: number): Promise<readonly string[]> {
    const newest =
      "SELECT saga_id FROM odori_inbox GROUP BY saga_id ORDER BY max(seq) DESC LIMIT ?";
    return this.#access.read((sql) => sql.all(newest, limit).map((row) => String(row.saga_id)));
  }

  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    const chosen = `SELECT * FROM odori_deferred WHERE state IN (SELECT value FROM json_each(?))
       ORDER BY seq LIMIT ?`;
    return this.#access.read((sql) =>
      sql.all(chosen, JSON.stringify(states), limit).map(toDeferred),
    );
  }

  counts(): Promise<StoreCounts> {
    return this.#access.read((sql) => {
      const outbox = sql.get(
        "SELECT coalesce(sum(count), 0) AS events, min(at) AS oldest FROM odori_outbox",
      );
      const deferred: Partial<Record<DeferredState, number>> = {};
      for (const row of sql.all(
        "SELECT state, count(*) AS rows FROM odori_deferred GROUP BY state",
      )) {
        deferred[toState(row.state)] = Number(row.rows);
      }
      const oldest = outbox?.oldest;
      return {
        outbox: Number(outbox?.events),
        outboxOldestMs: typeof oldest === "number" ? Math.max(0, this.#access.now() - oldest) : 0,
        deferred,
      };
    });
  }

  retry(seq: number): Promise<Deferred> {
    return this.#access.write((sql) => {
      const again = `UPDATE odori_deferred
         SET state = 'retrying', attempts = 0, due_at = ?, owner = NULL
         WHERE seq = ? AND state = 'parked' RETURNING *`;
      return toDeferred(sql.get(again, this.#access.now(), seq) ?? refuse(sql, seq));
    });
  }

  discard(seq: number, reason: string): Promise<Deferred> {
    return this.#access.write((sql) => {
      const close = `UPDATE odori_deferred SET state = 'discarded', reason = ?
         WHERE seq = ? AND state IN ('parked', 'retrying') RETURNING *`;
      const row = toDeferred(sql.get(close, reason, seq) ?? refuse(sql, seq));
      const mark = `UPDATE odori_inbox SET disposition = 'discarded', at = ?
         WHERE id = ? AND reaction = ? AND source = ?`;
      sql.run(mark, this.#access.now(), row.id, row.reaction, row.source);
      sql.run(RELEASE_NEXT, this.#access.now(), row.sagaId, row.reaction);
      return row;
    });
  }
}

function refuse(sql: Connection, seq: number): never {
  const state = sql.get("SELECT state FROM odori_deferred WHERE seq = ?", seq)?.state;
  throw notParked(seq, state === undefined ? undefined : toState(state));
}
