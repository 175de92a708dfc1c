import { bucketEnd } from "../observer/histogram.ts";
import { VERDICTS } from "../observer/verdict.ts";
import type { Desk } from "./desk.ts";
import { ledger } from "./ledger.ts";
import { trafficOf } from "./traffic.ts";

/** Buckets of `odori_saga_duration_seconds`: powers of two from 16 ms to 4.8 hours, by twos. */
const DURATION_BUCKETS = Array.from({ length: 11 }, (_, at) => 8 * (4 + 2 * at));

/**
 * What the observer knows, in the text format of Prometheus. No label has the id of a saga, nor
 * anything else of which there may be any number.
 */
export function metrics(desk: Desk): string {
  const counts = desk.projection.counts();
  const { emitted, handled, discarded, putOff, onItsWay, unexplained } = ledger(desk);
  const { upTo, problem } = desk.follower.progress;
  const { away } = desk.observer;
  const lag = upTo === undefined ? Number.NaN : (Date.now() - upTo) / 1_000;
  return [
    ...family("odori_sagas", "gauge", "Sagas by verdict.", [
      ...VERDICTS.map((verdict) => [labels({ verdict }), counts.get(verdict) ?? 0] as const),
    ]),
    ...durations(desk),
    ...family("odori_ledger_deliveries", "gauge", "Deliveries by what has become of them.", [
      [labels({ state: "emitted" }), emitted],
      [labels({ state: "handled" }), handled],
      [labels({ state: "discarded" }), discarded],
      [labels({ state: "put_off" }), putOff],
      [labels({ state: "on_its_way" }), onItsWay],
    ]),
    ...family("odori_ledger_unexplained", "gauge", "Deliveries that nothing accounts for.", [
      ["", unexplained],
    ]),
    ...deliveries(desk),
    ...family("odori_observer_lag_seconds", "gauge", "Age of what the observer knows.", [
      ["", lag],
    ]),
    ...family("odori_observer_up", "gauge", "Whether the last round could read all sources.", [
      ["", problem === undefined && away.length === 0 ? 1 : 0],
    ]),
    ...family("odori_observer_source_up", "gauge", "Whether the source of a service is read.", [
      ...desk.services.map((service) => {
        const isAway = away.some((one) => one.service === service);
        return [labels({ service }), isAway ? 0 : 1] as const;
      }),
    ]),
    "",
  ].join("\n");
}

type Sample = readonly [labels: string, value: number];

function family(
  name: string,
  type: "gauge" | "histogram",
  help: string,
  samples: readonly Sample[],
): readonly string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([suffix, value]) => `${name}${suffix} ${value}`),
  ];
}

function durations({ projection }: Desk): readonly string[] {
  const rows = projection.sql.all("SELECT bucket, n, ms FROM took WHERE n > 0");
  const upTo = (most: number) =>
    rows.reduce((sum, { bucket, n }) => sum + (Number(bucket) <= most ? Number(n) : 0), 0);
  const count = upTo(Number.POSITIVE_INFINITY);
  const seconds = rows.reduce((sum, { ms }) => sum + Number(ms), 0) / 1_000;
  return family("odori_saga_duration_seconds", "histogram", "From beginning to end.", [
    ...DURATION_BUCKETS.map(
      (bucket) =>
        [`_bucket${labels({ le: String(bucketEnd(bucket) / 1_000) })}`, upTo(bucket)] as const,
    ),
    [`_bucket${labels({ le: "+Inf" })}`, count],
    ["_sum", seconds],
    ["_count", count],
  ]);
}

/** By service and reaction: as many as are declared. */
function deliveries(desk: Desk): readonly string[] {
  const { edges } = desk.traffic.read(Date.now());
  const groups = [
    ...Map.groupBy(edges, ({ service, reaction }) => labels({ service, reaction })),
  ].map(([key, list]) => [key, trafficOf(list)] as const);
  return [
    ...family(
      "odori_delivery_rate",
      "gauge",
      "Deliveries handled a second, over five minutes.",
      groups.map(([key, { perSecond }]) => [key, perSecond] as const),
    ),
    ...family(
      "odori_delivery_lag_p99_seconds",
      "gauge",
      "From the commit of the emitter to that of the hearer, over a day.",
      groups.flatMap(([key, { p99Ms }]) =>
        p99Ms === undefined ? [] : [[key, p99Ms / 1_000] as const],
      ),
    ),
  ];
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => {
    const text = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `${name}="${text}"`;
  });
  return `{${pairs.join(",")}}`;
}
