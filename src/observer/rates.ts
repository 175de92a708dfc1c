import { bucketOf, type Histogram } from "./histogram.ts";
import { type ProjectionSql, type StoredRow, textIn } from "./sql.ts";

/** A delivery that came to its end: from its emitter to the reaction that handled it. */
export interface Passage {
  /** "" for a deadline. */
  readonly emitter: string;
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly at: number;
  /**
   * From the commit of the emitter to that of the hearer; undefined if the emitter is not read, or
   * the delivery was put off meanwhile.
   */
  readonly wayMs: number | undefined;
  /** How long the handler ran; undefined if none did. */
  readonly runMs: number | undefined;
  /** Whether it took more than one attempt. */
  readonly failed: boolean;
}

/** What is counted of a passage. */
export type RateKind = "handled" | "way" | "run" | "failed";

/** An edge with what passed it in some time. */
export interface EdgeRates {
  readonly emitter: string;
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly way: Histogram;
  readonly run: Histogram;
  readonly handled: number;
  readonly failed: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Minutes tell the rate now, hours the percentiles of a day. */
const SPANS = [MINUTE_MS, HOUR_MS] as const;
const KEPT: Readonly<Record<(typeof SPANS)[number], number>> = {
  [MINUTE_MS]: 30 * MINUTE_MS,
  [HOUR_MS]: 26 * HOUR_MS,
};
const DAY_MS = 24 * HOUR_MS;
const WINDOW_MS = 5 * MINUTE_MS;

/** Counts deliveries by minute and by hour, each with how long it took. */
export class Rates {
  readonly #sql: ProjectionSql;
  /** Nothing older than this is kept, by span. */
  #swept = 0;

  constructor(sql: ProjectionSql) {
    this.#sql = sql;
  }

  /** Adds passages. Within a transaction of the caller. */
  add(passages: readonly Passage[]): void {
    const counts = new Map<string, number>();
    // For this transaction alone: it may be rolled back, and another process may reset the rows.
    const edges = new Map<string, number>();
    for (const passage of passages) {
      const key = [passage.emitter, passage.stem, passage.service, passage.reaction].join("\n");
      const edge = edges.get(key) ?? this.#edgeOf(passage);
      edges.set(key, edge);
      const note = (kind: RateKind, ms: number) => {
        for (const span of SPANS) {
          const key = JSON.stringify([
            span,
            passage.at - (passage.at % span),
            edge,
            kind,
            bucketOf(ms),
          ]);
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      };
      note("handled", 0);
      if (passage.wayMs !== undefined) note("way", passage.wayMs);
      if (passage.runMs !== undefined) note("run", passage.runMs);
      if (passage.failed) note("failed", 0);
    }
    for (const [key, n] of counts) {
      const values: readonly (string | number)[] = JSON.parse(key);
      this.#sql.run(
        "INSERT INTO rate VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        ...values,
        n,
      );
    }
  }

  /** Forgets what is too old to be asked for. */
  sweep(now: number): void {
    if (now - this.#swept < MINUTE_MS) return;
    this.#swept = now;
    for (const span of SPANS)
      this.#sql.run("DELETE FROM rate WHERE span = ? AND at < ?", span, now - KEPT[span]);
  }

  /** Deliveries a second on each edge over the last five minutes. */
  perSecond(now: number): ReadonlyMap<number, number> {
    const rows = this.#sql.all(
      `SELECT edge, sum(n) AS n FROM rate WHERE span = ? AND at > ? AND kind = 'handled'
       GROUP BY edge`,
      MINUTE_MS,
      now - WINDOW_MS,
    );
    // The last of the five minutes is not over yet.
    const seconds = (WINDOW_MS - MINUTE_MS + (now % MINUTE_MS)) / 1_000;
    return new Map(rows.map(({ edge, n }) => [Number(edge), Number(n) / seconds]));
  }

  /** What passed each edge in the last day. */
  day(now: number): ReadonlyMap<number, EdgeRates> {
    const found = new Map<number, { row: StoredRow; kinds: Map<RateKind, Map<number, number>> }>();
    for (const row of this.#sql.all("SELECT * FROM edge"))
      found.set(Number(row.id), { row, kinds: new Map() });
    for (const { edge, kind, bucket, n } of this.#sql.all(
      `SELECT edge, kind, bucket, sum(n) AS n FROM rate WHERE span = ? AND at > ?
       GROUP BY edge, kind, bucket`,
      HOUR_MS,
      now - DAY_MS,
    )) {
      const kinds = found.get(Number(edge))?.kinds;
      const of = kindIn(kind);
      if (kinds === undefined || of === undefined) continue;
      const histogram = kinds.get(of) ?? new Map<number, number>();
      histogram.set(Number(bucket), Number(n));
      kinds.set(of, histogram);
    }
    return new Map([...found].map(([id, { row, kinds }]) => [id, ratesOf(row, kinds)]));
  }

  #edgeOf({ emitter, stem, service, reaction }: Passage): number {
    const values = [emitter, stem, service, reaction] as const;
    this.#sql.run(
      `INSERT INTO edge (emitter, stem, service, reaction) VALUES (?, ?, ?, ?)
       ON CONFLICT DO NOTHING`,
      ...values,
    );
    const row = this.#sql.first(
      "SELECT id FROM edge WHERE emitter = ? AND stem = ? AND service = ? AND reaction = ?",
      ...values,
    );
    return Number(row?.id);
  }
}

function ratesOf(row: StoredRow, kinds: ReadonlyMap<RateKind, Histogram>): EdgeRates {
  const of = (kind: RateKind): Histogram => kinds.get(kind) ?? new Map();
  const count = (kind: RateKind) => [...of(kind).values()].reduce((sum, n) => sum + n, 0);
  return {
    emitter: textIn(row.emitter) ?? "",
    stem: textIn(row.stem) ?? "",
    service: textIn(row.service) ?? "",
    reaction: textIn(row.reaction) ?? "",
    way: of("way"),
    run: of("run"),
    handled: count("handled"),
    failed: count("failed"),
  };
}

function kindIn(value: unknown): RateKind | undefined {
  return (["handled", "way", "run", "failed"] as const).find((kind) => kind === value);
}
