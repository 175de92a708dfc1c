import { stemOf } from "../contract/grammar.ts";
import type { SagaSummary, ServiceHistory } from "../observe/summary.ts";
import { bucketOf } from "./histogram.ts";
import { type EarlyDelivery, heldKey } from "./ledger.ts";
import { OpenSums, openIn } from "./open-sums.ts";
import { numberIn, type ProjectionSql, type StoredRow, textIn } from "./sql.ts";
import { RESTS } from "./tables.ts";
import type { SagaVerdict } from "./verdict.ts";

/** A saga as it is projected. */
export interface Judged {
  readonly summary: SagaSummary;
  readonly verdict: SagaVerdict;
  readonly parked: readonly ParkedDelivery[];
  readonly early: readonly EarlyDelivery[];
  /** Put-off deliveries whose emission no feed counts, by `heldKey`. */
  readonly uncounted: ReadonlySet<string>;
  /** Services that may have a part in it, and could not be read; "" for one without a name. */
  readonly unread: readonly string[];
  /** Services of the choreography that may have a part in it, and of which no source was named. */
  readonly unnamed: readonly string[];
}

/** A delivery that was given up on. */
export interface ParkedDelivery {
  readonly service: string;
  readonly seq: number;
  readonly reaction: string;
  readonly type: string;
  readonly since: number;
  readonly attempts: number;
  readonly code: string;
  readonly message: string;
}

/** A longer message of an error says no more. */
const MESSAGE_MAX = 500;

/** States of a delivery that has not come yet, and of a deadline. */
export const NOT_PUT_OFF: readonly string[] = ["on its way", "unheard", "armed"];

/** What is parked of a saga. */
export function parkedIn(parts: readonly ServiceHistory[]): readonly ParkedDelivery[] {
  return parts.flatMap(({ service, history }) =>
    history.deferred.flatMap(({ state, seq, reaction, type, at, attempts, problem }) =>
      state !== "parked"
        ? []
        : {
            ...{ service, seq, reaction, type, since: at, attempts },
            code: problem?.code ?? "",
            message: (problem?.message ?? "").slice(0, MESSAGE_MAX),
          },
    ),
  );
}

/** What the table `delivery` has of a saga: what is open, or the place where it rests. */
function rowsOf({ open, rests }: SagaSummary) {
  if (rests === undefined) return open;
  const { service, reaction, type, at: since } = rests;
  const rest = { service, reaction, type, state: RESTS, since, dueAt: undefined, seq: undefined };
  return [...open, rest];
}

/** The verdict of a saga of which some deliveries were not read again. */
function withKept(verdict: SagaVerdict, kept: readonly string[]): SagaVerdict {
  if (verdict === "illegal") return verdict;
  if (kept.includes("parked")) return "parked";
  return verdict === "running" && kept.includes("retrying") ? "retrying" : verdict;
}

/** Writes sagas, and keeps the sums over all of them. Within a transaction of the caller. */
export class SagaRows {
  readonly #sql: ProjectionSql;

  constructor(sql: ProjectionSql) {
    this.#sql = sql;
  }

  /** Writes sagas. */
  putAll(sagas: readonly Judged[]): void {
    const sums = new OpenSums(this.#sql);
    for (const saga of sagas) this.#put(saga, sums);
    sums.flush();
  }

  #put(judged: Judged, sums: OpenSums): void {
    const { summary, parked, early, uncounted, unread, unnamed } = judged;
    const { sagaId, correlationId, last, end, open, rests } = summary;
    const before = this.#sql.first(
      "SELECT verdict, took, open, deferred, rests, began, steps FROM saga WHERE id = ?",
      sagaId,
    );
    const kept = before === undefined ? [] : this.#clear(before, judged, sums);
    // Of a saga that was read in part, the projection knows more than the journals say now.
    const partial = unread.length > 0;
    const began = Math.min(summary.began, (partial && numberIn(before?.began)) || summary.began);
    const steps = Math.max(summary.steps, (partial && numberIn(before?.steps)) || 0);
    const verdict = withKept(judged.verdict, kept);
    const took = end === undefined ? null : Math.max(0, end.at - began);
    const correlation = correlationId === sagaId ? null : correlationId;
    const states = [...open.map(({ state }) => state), ...kept];
    const deferred = states.filter((state) => !NOT_PUT_OFF.includes(state)).length;
    this.#sql.run(
      "INSERT OR REPLACE INTO saga VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[sagaId, correlation, began, last, verdict, end?.type ?? null, took, steps],
      ...[
        states.length,
        deferred,
        rests?.disposition ?? null,
        partial ? JSON.stringify(unread) : null,
      ],
      unnamed.length > 0 ? JSON.stringify(unnamed) : null,
    );
    this.#count(before, verdict, took);
    if (kept.length > 0)
      this.#sql.run(
        "UPDATE delivery SET verdict = ?, began = ? WHERE saga = ?",
        ...[verdict, began, sagaId],
      );
    for (const { service, reaction, type, state, since, dueAt, seq } of rowsOf(summary)) {
      const stem = stemOf(type);
      const isUncounted = seq !== undefined && uncounted.has(heldKey(service, seq));
      sums.add({ stem, service, reaction, state, uncounted: isUncounted }, 1);
      this.#sql.run(
        "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[sagaId, service, reaction, stem, state, since, dueAt ?? null, seq ?? null],
        ...[type, verdict, began, Number(isUncounted)],
      );
    }
    if (before !== undefined) this.#sql.run("DELETE FROM early WHERE saga = ?", sagaId);
    for (const { service, reaction, stem, at } of early)
      this.#sql.run(
        "INSERT INTO early VALUES (?, ?, ?, ?, ?)",
        ...[sagaId, service, reaction, stem, at],
      );
    for (const { service, seq, reaction, type, since, attempts, code, message } of parked)
      this.#sql.run(
        "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ...[service, seq, sagaId, reaction, type, since, attempts, code, message],
      );
  }

  /**
   * Deletes what a saga waited for, but for that of services that cannot be read now, and where it
   * rested. Returns the states of what is kept.
   */
  #clear(before: StoredRow, { summary, unread }: Judged, sums: OpenSums): readonly string[] {
    const saga = summary.sagaId;
    const services = JSON.stringify(unread);
    if (before.open !== 0 || before.rests !== null)
      for (const row of this.#sql.all(
        `DELETE FROM delivery
         WHERE saga = ? AND (state = '${RESTS}' OR service NOT IN (SELECT value FROM json_each(?)))
         RETURNING stem, service, reaction, state, uncounted`,
        ...[saga, services],
      ))
        sums.add(openIn(row), -1);
    if (before.deferred !== 0)
      this.#sql.run(
        "DELETE FROM parked WHERE saga = ? AND service NOT IN (SELECT value FROM json_each(?))",
        ...[saga, services],
      );
    if (before.open === 0 || unread.length === 0) return [];
    const kept = this.#sql.all("SELECT state FROM delivery WHERE saga = ?", saga);
    return kept.map(({ state }) => textIn(state) ?? "");
  }

  /** Changes the verdict of a saga without its journal: for what only time changes. */
  change(id: string, from: SagaVerdict, to: SagaVerdict): void {
    this.#sql.run("UPDATE saga SET verdict = ? WHERE id = ?", to, id);
    this.#sql.run("UPDATE delivery SET verdict = ? WHERE saga = ?", to, id);
    this.#tally(from, -1);
    this.#tally(to, 1);
  }

  #count(before: StoredRow | undefined, verdict: SagaVerdict, took: number | null): void {
    const was = textIn(before?.verdict);
    if (was !== verdict) {
      if (was !== undefined) this.#tally(was, -1);
      this.#tally(verdict, 1);
    }
    const former = numberIn(before?.took);
    if (former === (took ?? undefined)) return;
    if (former !== undefined) this.#took(former, -1);
    if (took !== null) this.#took(took, 1);
  }

  #tally(verdict: string, n: number): void {
    this.#sql.run(
      "INSERT INTO tally VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
      verdict,
      n,
    );
  }

  #took(ms: number, n: number): void {
    this.#sql.run(
      `INSERT INTO took VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET n = n + excluded.n, ms = ms + excluded.ms`,
      bucketOf(ms),
      n,
      ms * n,
    );
  }
}
