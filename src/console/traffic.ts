import { type Histogram, mergeHistograms, percentile } from "../observer/histogram.ts";
import type { Projection } from "../observer/projection.ts";
import type { EdgeRates } from "../observer/rates.ts";
import { textIn } from "../observer/sql.ts";
import { type SagaVerdict, verdictIn } from "../observer/verdict.ts";
import type { MapArrow, MapBox } from "./map-graph.ts";
import type { EdgeLive, NodeLive, Traffic } from "./wire.ts";

/** What goes over the edges now, and who waits or rests where. Of one moment. */
export interface TrafficNow {
  readonly edges: readonly (EdgeRates & { readonly perSecond: number })[];
  readonly open: readonly OpenCount[];
}

/** Sagas with a delivery that is open, or at which they came to rest, by where and why. */
interface OpenCount {
  readonly service: string;
  readonly reaction: string;
  readonly stem: string;
  readonly verdict: SagaVerdict;
  readonly n: number;
}

/** Along the index `delivery_place`: sorting 100,000 open deliveries first took 220 ms. */
export const OPEN_COUNTS = `SELECT service, reaction, stem, verdict, count(DISTINCT saga) AS n
  FROM delivery GROUP BY 1, 2, 3, 4`;
/** For all who look within this time it is read once. */
const KEPT_MS = 1_000;
const DAY_KEPT_MS = 3_000;
const MANY_KEPT_MS = 15_000;
/** With more deliveries open than this, they are counted less often. */
const OPEN_MANY = 20_000;

/** Reads the traffic, at most once a second for all who ask. */
export class TrafficReader {
  readonly #projection: Projection;
  #last: { readonly at: number; readonly now: TrafficNow } | undefined;
  #day: { readonly at: number; readonly of: ReadonlyMap<number, EdgeRates> } | undefined;
  #open: { readonly at: number; readonly of: readonly OpenCount[] } | undefined;

  constructor(projection: Projection) {
    this.#projection = projection;
  }

  read(now: number): TrafficNow {
    if (this.#last !== undefined && isFresh(this.#last.at, now, KEPT_MS)) return this.#last.now;
    const perSecond = this.#projection.rates.perSecond(now);
    if (this.#day === undefined || !isFresh(this.#day.at, now, DAY_KEPT_MS))
      this.#day = { at: now, of: this.#projection.rates.day(now) };
    const edges = [...this.#day.of].map(([id, rates]) => ({
      ...rates,
      perSecond: perSecond.get(id) ?? 0,
    }));
    const read = { edges, open: this.#readOpen(now) };
    this.#last = { at: now, now: read };
    return read;
  }

  #readOpen(now: number): readonly OpenCount[] {
    const many = (this.#open?.of.reduce((sum, { n }) => sum + n, 0) ?? 0) > OPEN_MANY;
    const kept = many ? MANY_KEPT_MS : KEPT_MS;
    if (this.#open !== undefined && isFresh(this.#open.at, now, kept)) return this.#open.of;
    const rows = this.#projection.sql.all(OPEN_COUNTS);
    const of = rows.map(({ service, reaction, stem, verdict, n }) => ({
      service: textIn(service) ?? "",
      reaction: textIn(reaction) ?? "",
      stem: textIn(stem) ?? "",
      verdict: verdictIn(verdict),
      n: Number(n),
    }));
    this.#open = { at: now, of };
    return of;
  }
}

function isFresh(at: number, now: number, keptMs: number): boolean {
  return now >= at && now - at < keptMs;
}

export function nodeLive({ at }: MapBox, { edges, open }: TrafficNow): NodeLive | undefined {
  if (at === undefined) return undefined;
  const isHere = (one: { readonly service: string; readonly reaction: string }) =>
    one.service === at.service && (at.reaction === undefined || one.reaction === at.reaction);
  return {
    perSecond: rounded(edges.filter(isHere).reduce((sum, one) => sum + one.perSecond, 0)),
    waiting: countsOf(open.filter(isHere)),
  };
}

/** The sagas that wait for a service, by verdict. */
export function waitingAt(service: string, { open }: TrafficNow): NodeLive["waiting"] {
  return countsOf(open.filter((one) => one.service === service));
}

export function edgeLive({ way }: MapArrow, { edges, open }: TrafficNow): EdgeLive | undefined {
  if (way === undefined) return undefined;
  const isThere = (one: EdgeRates | OpenCount) =>
    one.service === way.service &&
    (way.reaction === undefined || one.reaction === way.reaction) &&
    way.stems.has(one.stem);
  const own = edges.filter((one) => one.emitter === way.emitter && isThere(one));
  return { ...trafficOf(own), open: countsOf(open.filter(isThere)) };
}

/** The traffic of several edges together. */
export function trafficOf(edges: TrafficNow["edges"]): Traffic {
  const way = mergeHistograms(edges.map((one) => one.way));
  return {
    perSecond: rounded(edges.reduce((sum, one) => sum + one.perSecond, 0)),
    ...percentilesOf(way),
  };
}

function percentilesOf(way: Histogram) {
  const p50Ms = percentile(way, 0.5);
  const p99Ms = percentile(way, 0.99);
  return p50Ms === undefined || p99Ms === undefined ? {} : { p50Ms, p99Ms };
}

function countsOf(open: readonly OpenCount[]): NodeLive["waiting"] {
  const counts = new Map<SagaVerdict, number>();
  for (const { verdict, n } of open) counts.set(verdict, (counts.get(verdict) ?? 0) + n);
  return Object.fromEntries(counts);
}

function rounded(rate: number): number {
  return Math.round(rate * 100) / 100;
}
