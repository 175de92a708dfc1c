import { countIn, mergeHistograms, percentile } from "./histogram.ts";
import type { Rates } from "./rates.ts";
import type { SagaRows } from "./saga-rows.ts";
import { type ProjectionSql, textIn } from "./sql.ts";

/** After this time an event is late at a reaction that has handled too few to compare with. */
export const LATE_AFTER_MS = 60_000;
/** No event is late before. */
const LATE_LEAST_MS = 5_000;
/** An event is late after ten times the 99th percentile of its edge over a day. */
const LATE_TIMES = 10;
const SAMPLES_MIN = 50;
/** The percentiles of a day change slowly. */
const LIMITS_EVERY_MS = 10_000;
/** Most sagas that one call changes. */
const CHANGED_MAX = 2_000;

/** A slow edge with many deliveries on it must not hide those of a fast one: each has its limit. */
const way = (verdict: "running" | "late") =>
  `WITH bound AS (
     SELECT value->>0 AS service, value->>1 AS reaction, value->>2 AS stem, value->>3 AS ms
     FROM json_each(?))
   SELECT saga FROM delivery LEFT JOIN bound USING (service, reaction, stem)
   WHERE state = 'on its way' AND verdict = '${verdict}' AND since < ?
     AND since < ? - coalesce(ms, ${LATE_AFTER_MS})
     AND service NOT IN (SELECT value FROM json_each(?)) ORDER BY since LIMIT ?`;
const RUNNING_WAY = way("running");
const LATE_WAY = way("late");
const LATE_SAGAS = `SELECT saga FROM delivery
  WHERE state = 'on its way' AND verdict = 'late' ORDER BY since LIMIT ?`;

/** Says which events have been on their way for too long. */
export class Lateness {
  readonly #sql: ProjectionSql;
  readonly #rates: Rates;
  readonly #rows: SagaRows;
  /** As JSON: service, reaction, stem, and the limit in milliseconds. */
  #limits: { readonly at: number; readonly of: string } | undefined;

  constructor(sql: ProjectionSql, rates: Rates, rows: SagaRows) {
    this.#sql = sql;
    this.#rates = rates;
    this.#rows = rows;
  }

  /**
   * Makes running sagas late, and late ones running. Within a transaction of the caller.
   *
   * @param unsure services that may have handled more than is known: nothing gets late on the way
   *   to them
   */
  mark(now: number, unsure: readonly string[]): void {
    const renewed = this.#limits === undefined || Math.abs(now - this.#limits.at) > LIMITS_EVERY_MS;
    if (renewed || this.#limits === undefined) this.#limits = { at: now, of: this.#limitsAt(now) };
    const limits = this.#limits.of;
    for (const id of this.#sagas(
      RUNNING_WAY,
      limits,
      now - LATE_LEAST_MS,
      now,
      JSON.stringify(unsure),
    ))
      this.#rows.change(id, "running", "late");
    if (!renewed) return;
    const still = this.#sagas(LATE_WAY, limits, now, now, "[]");
    for (const id of this.#sagas(LATE_SAGAS))
      if (!still.has(id)) this.#rows.change(id, "late", "running");
  }

  #sagas(statement: string, ...values: readonly (string | number)[]): ReadonlySet<string> {
    const rows = this.#sql.all(statement, ...values, CHANGED_MAX);
    return new Set(rows.map(({ saga }) => textIn(saga) ?? ""));
  }

  #limitsAt(now: number): string {
    const edges = Map.groupBy(this.#rates.day(now).values(), ({ service, reaction, stem }) =>
      JSON.stringify([service, reaction, stem]),
    );
    const limits = [...edges].flatMap(([key, list]) => {
      const way = mergeHistograms(list.map((one) => one.way));
      const p99 = percentile(way, 0.99);
      if (p99 === undefined || countIn(way) < SAMPLES_MIN) return [];
      const names: readonly string[] = JSON.parse(key);
      return [[...names, Math.max(LATE_LEAST_MS, LATE_TIMES * p99)]];
    });
    return JSON.stringify(limits);
  }
}
