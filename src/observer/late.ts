import { countIn, mergeHistograms, percentile } from "./histogram.ts";
import type { Rates } from "./rates.ts";
import type { SagaRows } from "./saga-rows.ts";
import { type ProjectionSql, type StoredRow, textIn } from "./sql.ts";

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

const way = (verdict: string) =>
  `SELECT saga, service, reaction, stem, since FROM delivery
   WHERE state = 'on its way' AND since < ? AND verdict = '${verdict}'
     AND service NOT IN (SELECT value FROM json_each(?)) ORDER BY since LIMIT ?`;
const RUNNING_WAY = way("running");
const LATE_WAY = way("late");

/** Says which events have been on their way for too long. */
export class Lateness {
  readonly #sql: ProjectionSql;
  readonly #rates: Rates;
  readonly #sagas: SagaRows;
  #limits: { readonly at: number; readonly of: ReadonlyMap<string, number> } | undefined;

  constructor(sql: ProjectionSql, rates: Rates, sagas: SagaRows) {
    this.#sql = sql;
    this.#rates = rates;
    this.#sagas = sagas;
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
    const isLate = ({ service, reaction, stem, since }: StoredRow) =>
      now - Number(since) > (limits.get(`${service}\n${reaction}\n${stem}`) ?? LATE_AFTER_MS);
    for (const id of this.#sagasWith(RUNNING_WAY, now - LATE_LEAST_MS, unsure, isLate))
      this.#sagas.change(id, "running", "late");
    if (!renewed) return;
    const still = this.#sagasWith(LATE_WAY, now, [], isLate);
    for (const id of this.#sagasWith(LATE_WAY, now, [], () => true))
      if (!still.has(id)) this.#sagas.change(id, "late", "running");
  }

  #sagasWith(
    statement: string,
    before: number,
    unsure: readonly string[],
    is: (row: StoredRow) => boolean,
  ): ReadonlySet<string> {
    const rows = this.#sql.all(statement, before, JSON.stringify(unsure), CHANGED_MAX).filter(is);
    return new Set(rows.map(({ saga }) => textIn(saga) ?? ""));
  }

  #limitsAt(now: number): ReadonlyMap<string, number> {
    const edges = Map.groupBy(this.#rates.day(now).values(), ({ service, reaction, stem }) =>
      [service, reaction, stem].join("\n"),
    );
    const limits = new Map<string, number>();
    for (const [key, list] of edges) {
      const way = mergeHistograms(list.map((one) => one.way));
      const p99 = percentile(way, 0.99);
      if (p99 !== undefined && countIn(way) >= SAMPLES_MIN)
        limits.set(key, Math.max(LATE_LEAST_MS, LATE_TIMES * p99));
    }
    return limits;
  }
}
