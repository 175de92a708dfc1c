import type { Latency, Throughput } from "./drive.ts";
import type { Entry } from "./entries.ts";
import { tableHead, tableRow } from "./markdown.ts";
import type { Result } from "./round.ts";
import { median } from "./statistics.ts";

export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

type Percentiles = Pick<Latency, "p50" | "p99">;

/** The figures of a contestant over all rounds. */
export interface Summary {
  readonly name: string;
  readonly kind: Entry["kind"];
  readonly durability: string;
  readonly oneByOne: Spread;
  readonly inBulk: Spread;
  /** In bulk: of the process itself, and of its servers. */
  readonly cpuMs: number;
  readonly serversCpuMs: number;
  /** The same, one by one. */
  readonly oneByOneCpuMs: number;
  readonly oneByOneServersCpuMs: number;
  readonly latency: Percentiles | undefined;
  readonly paced: Percentiles | undefined;
  readonly peakMiB: number;
}

export function summaryOf(results: ReadonlyMap<Entry, readonly Result[]>): readonly Summary[] {
  return [...results].map(([{ name, kind }, rounds]) => ({
    name,
    kind,
    durability: rounds[0]?.durability ?? "",
    oneByOne: spreadOf(rounds.map(({ oneByOne }) => oneByOne)),
    inBulk: spreadOf(rounds.map(({ inBulk }) => inBulk)),
    cpuMs: median(rounds.map(({ inBulk }) => inBulk.cpuMs)),
    serversCpuMs: median(rounds.map(({ inBulk }) => inBulk.serversCpuMs)),
    oneByOneCpuMs: median(rounds.map(({ oneByOne }) => oneByOne.cpuMs)),
    oneByOneServersCpuMs: median(rounds.map(({ oneByOne }) => oneByOne.serversCpuMs)),
    latency: middle(rounds.map(({ latency }) => latency)),
    paced: middle(rounds.map(({ paced }) => paced)),
    peakMiB: median(rounds.map(({ peakMiB }) => peakMiB)),
  }));
}

function spreadOf(rounds: readonly Throughput[]): Spread {
  const speeds = rounds.map(({ sagasPerSecond }) => sagasPerSecond);
  return { median: median(speeds), lowest: Math.min(...speeds), highest: Math.max(...speeds) };
}

function middle(rounds: readonly (Latency | undefined)[]): Percentiles | undefined {
  const known = rounds.filter((round) => round !== undefined);
  if (known.length === 0) return undefined;
  return { p50: median(known.map(({ p50 }) => p50)), p99: median(known.map(({ p99 }) => p99)) };
}

export function tableOf(
  machine: Readonly<Record<string, unknown>>,
  summaries: readonly Summary[],
): string {
  const head = [
    "",
    "one by one, sagas/s",
    "in bulk, sagas/s",
    "CPU ms/saga one by one, own / servers",
    "CPU ms/saga in bulk, own / servers",
    "p50 / p99 ms",
    "p50 / p99 ms at 500/s",
    "peak MiB",
    "durability",
  ];
  const rows = summaries.map((one) => [
    one.name,
    shown(one.oneByOne),
    shown(one.inBulk),
    `${one.oneByOneCpuMs.toFixed(3)} / ${one.oneByOneServersCpuMs.toFixed(3)}`,
    `${one.cpuMs.toFixed(3)} / ${one.serversCpuMs.toFixed(3)}`,
    latency(one.latency),
    latency(one.paced),
    `${Math.round(one.peakMiB)}`,
    one.durability,
  ]);
  const conditions = Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  return `${conditions}\n\n${tableHead(head)}${rows.map(tableRow).join("")}`;
}

function shown({ median, lowest, highest }: Spread): string {
  const whole = (value: number) => Math.round(value).toLocaleString("en");
  return lowest === highest
    ? whole(median)
    : `${whole(median)} (${whole(lowest)} - ${whole(highest)})`;
}

function latency(value: Percentiles | undefined): string {
  return value === undefined ? "-" : `${value.p50.toFixed(1)} / ${value.p99.toFixed(1)}`;
}
