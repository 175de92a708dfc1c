import { availableParallelism } from "node:os";
import { searchInThreads } from "../../src/cli/simulation/threads.ts";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { search } from "../../src/simulate/search.ts";
import { shrink } from "../../src/simulate/shrink.ts";
import type { Simulation } from "../../src/simulate/simulation.ts";
import { simulation } from "../../src/simulate/simulation.ts";
import type { Stage } from "../../src/simulate/stage.ts";
import { systematic } from "../../src/simulate/systematic.ts";
import { BUGS, type Bug, tripWith } from "../../test/simulate/trip.ts";

/** What a median and a worst case are of. */
interface Spread {
  readonly median: number;
  readonly worst: number;
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? 0, worst: sorted.at(-1) ?? 0 };
}

/** Seeds a second in this process, after a warm-up; and how many went wrong. */
export async function speed<Native>(what: Simulation<Native>, seeds: number) {
  const stage = await what.prepare();
  await search(stage, { from: 1, seeds: 500 });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const found = await search(stage, { from: 501, seeds });
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  stage.close();
  const failed = "result" in found ? 1 : 0;
  return { perSecond: found.runs / seconds, cpuMicros: (user + system) / found.runs, failed };
}

/** Seeds a second over all cores. */
export async function speedInThreads(module: string, seeds: number): Promise<number> {
  const began = performance.now();
  let runs = 0;
  const onAnswer = (answer: { readonly runs: number }) => {
    runs += answer.runs;
  };
  const workers = availableParallelism();
  const search = { module, store: undefined, workers, from: 1, seeds, until: undefined, onAnswer };
  await searchInThreads(search);
  return runs / ((performance.now() - began) / 1_000);
}

/** How many seeds differ on another stage, in reverse order, or from their schedules. */
export async function unlike<Native>(what: Simulation<Native>, seeds: number): Promise<number> {
  const [first, second] = [await what.prepare(), await what.prepare()];
  const traces = new Map<number, RunResult>();
  for (let seed = 1; seed <= seeds; seed++)
    traces.set(seed, await new SimulatedRun(first, { seed }).play());
  let differ = 0;
  for (let seed = seeds; seed >= 1; seed--) {
    const before = traces.get(seed);
    const again = await new SimulatedRun(second, { seed }).play();
    const schedule = readSchedule(scheduleText(again.taken));
    const repeated = await new SimulatedRun(second, { schedule }).play();
    if (traceOf(before) !== traceOf(again) || traceOf(again) !== traceOf(repeated)) differ++;
  }
  return differ;
}

function traceOf(result: RunResult | undefined): string {
  return JSON.stringify([result?.history, result?.notes, result?.steps]);
}

/** How many seeds each planted bug takes from ten starts, and what shrinking leaves. */
export async function finds(seedsMax: number) {
  const all = [];
  for (const bug of BUGS) all.push(await findsOf(bug, seedsMax));
  return all;
}

async function findsOf(bug: Bug, seedsMax: number) {
  const { choreography, options } = tripWith(bug);
  const stage = await simulation(choreography, options).prepare();
  const runs: number[] = [];
  let first: RunResult | undefined;
  for (let start = 0; start < 10; start++) {
    const found = await search(stage, { from: 1 + start * 10_000, seeds: seedsMax });
    runs.push("result" in found ? found.runs : Number.POSITIVE_INFINITY);
    if ("result" in found) first ??= found.result;
  }
  const began = performance.now();
  const shrunk = first && (await shrink(stage, first));
  const ms = performance.now() - began;
  const schedule = shrunk?.result.taken ?? [];
  const again = await new SimulatedRun(stage, { schedule }).play();
  const code = shrunk?.result.findings[0]?.code;
  const repeats = code !== undefined && again.findings[0]?.code === code;
  stage.close();
  return { bug, ...spreadOf(runs), departures: schedule.length, ms, repeats };
}

/** Every run with at most `most` departures. */
export async function departures<Native>(what: Simulation<Native>, most: number) {
  const stage = await what.prepare();
  const began = performance.now();
  const found = await systematic(stage, { departures: most, runs: Number.POSITIVE_INFINITY });
  stage.close();
  const seconds = (performance.now() - began) / 1_000;
  return { runs: found.runs, failed: "result" in found ? 1 : 0, seconds };
}

/** Bytes of the heap that seeds leave behind. */
export async function growth<Native>(stage: Stage<Native>, seeds: number): Promise<number> {
  const heap = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  await search(stage, { from: 1, seeds: 1_000 });
  const before = heap();
  await search(stage, { from: 1_001, seeds });
  return heap() - before;
}
