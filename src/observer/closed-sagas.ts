import { numberIn, type ProjectionSql, textIn } from "./sql.ts";
import type { SagaVerdict } from "./verdict.ts";

/** How long, and how many, sagas are kept in which nothing can happen any more. */
export interface ClosedLimits {
  /** Since a saga was last written to, in milliseconds. */
  readonly forMs: number;
  readonly most: number;
}

/** Seven days, or five million: about 2 GB. */
export const CLOSED_LIMITS: ClosedLimits = { forMs: 7 * 86_400_000, most: 5_000_000 };

/** A saga that is stuck is not closed: a person has to look at it. */
const CLOSED: readonly SagaVerdict[] = ["succeeded", "undone", "rest"];
/** What one commit deletes: requests wait for it. */
const BATCH = 2_000;
const EVERY_MS = 60_000;

const LIST = CLOSED.map((verdict) => `'${verdict}'`).join();
/*
 * Walks along the index of the list, which costs no further bytes for each saga. A saga of which an
 * emission is not known yet is in the account, so it stays.
 */
const DELETE = `DELETE FROM saga WHERE id IN (
    SELECT id FROM saga INDEXED BY saga_began
    WHERE began < ? AND last < ? AND verdict IN (${LIST}) AND open = 0
      AND unread IS NULL AND id NOT IN (SELECT saga FROM early)
    ORDER BY began, id LIMIT ?) RETURNING verdict, last`;
const COUNT = `SELECT sum(n) AS n FROM tally WHERE verdict IN (${LIST})`;
const ANY = Number.MAX_SAFE_INTEGER;

/** Forgets closed sagas beyond a limit, the one that began first first. */
export class ClosedSagas {
  readonly #sql: ProjectionSql;
  readonly #limits: ClosedLimits;
  #next = 0;

  constructor(sql: ProjectionSql, limits: ClosedLimits) {
    this.#sql = sql;
    this.#limits = limits;
  }

  /** How many were forgotten since the projection was built. */
  get forgotten(): number {
    return Number(this.#sql.first("SELECT n FROM forgotten")?.n ?? 0);
  }

  /**
   * A saga that began later than this was not forgotten: milliseconds since 1970. Undefined if none
   * was.
   */
  get upTo(): number | undefined {
    return numberIn(this.#sql.first("SELECT last FROM forgotten")?.last);
  }

  /** Deletes a batch, once a minute or while there are more. Within a transaction of the caller. */
  sweep(now: number): void {
    if (now < this.#next && this.#next - now <= EVERY_MS) return;
    const { forMs, most } = this.#limits;
    const old = this.#delete(now - forMs, BATCH);
    const over = Number(this.#sql.first(COUNT)?.n ?? 0) - most;
    const many = over > 0 ? this.#delete(ANY, Math.min(over, BATCH)) : 0;
    this.#next = old + many >= BATCH ? 0 : now + EVERY_MS;
  }

  /** Returns how many sagas were deleted that were last written to before a time. */
  #delete(before: number, limit: number): number {
    const gone = this.#sql.all(DELETE, before, before, limit);
    for (const [verdict, rows] of Map.groupBy(gone, (row) => textIn(row.verdict) ?? ""))
      this.#sql.run("UPDATE tally SET n = n - ? WHERE verdict = ?", rows.length, verdict);
    if (gone.length > 0)
      this.#sql.run(
        `INSERT INTO forgotten VALUES (1, ?, ?) ON CONFLICT DO UPDATE
         SET n = n + excluded.n, last = max(last, excluded.last)`,
        gone.length,
        gone.reduce((latest, { last }) => Math.max(latest, Number(last)), 0),
      );
    return gone.length;
  }
}
