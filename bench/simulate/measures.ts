import { availableParallelism } from "node:os";
import { SimulationThreads, searchInThreads } from "../../src/cli/simulation/threads.ts";
import type { StoreName } from "../../src/simulate/options.ts";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { search } from "../../src/simulate/search.ts";
import type { Simulation } from "../../src/simulate/simulation.ts";
import { systematic } from "../../src/simulate/systematic.ts";

/** Runs before a measurement: as many as V8 takes to compile what is hot. */
const WARM_UP = 1_000;

/** Called after a run. */
type OnRun = () => void;

/** What a speed is measured with. */
export interface SpeedOptions {
  readonly seeds: number;
  readonly store?: StoreName;
  /** Seeds before the measurement. */
  readonly warmUp?: number;
}

/** Seeds a second in this process, after a warm-up; and how many went wrong. */
export async function speed<Native>(
  what: Simulation<Native>,
  { seeds, store, warmUp = WARM_UP }: SpeedOptions,
  onRun: OnRun,
) {
  const stage = await what.prepare(store);
  await search(stage, { from: 1, seeds: warmUp, onRun });
  const cpu = process.cpuUsage();
  const began = performance.now();
  const found = await search(stage, { from: 1 + warmUp, seeds, onRun });
  const seconds = (performance.now() - began) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  await stage.close();
  const failed = "result" in found ? 1 : 0;
  return { perSecond: found.runs / seconds, cpuMicros: (user + system) / found.runs, failed };
}

/**
 * Seeds a second in threads, by default on all cores: with their starts and warm-ups, and of the
 * second half alone. V8 compiles for each thread, and on a core that is idle while there is one.
 */
export async function speedInThreads(
  module: string,
  {
    seeds,
    workers = availableParallelism(),
  }: { readonly seeds: number; readonly workers?: number },
  onRun: OnRun,
) {
  const cpu = process.cpuUsage();
  const began = performance.now();
  let half = { runs: 0, at: began };
  await using threads = new SimulationThreads(module, (totals) => {
    if (half.runs === 0 && totals.runs >= seeds / 2)
      half = { runs: totals.runs, at: performance.now() };
    onRun();
  });
  const started = Array.from({ length: workers }, () => threads.start(undefined));
  await searchInThreads(await Promise.all(started), { from: 1, seeds, until: undefined });
  const { runs } = threads.totals;
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return {
    perSecond: (runs * 1_000) / (ended - began),
    warmPerSecond: ((runs - half.runs) * 1_000) / (ended - half.at),
    cpuMicros: (user + system) / runs,
  };
}

/** How many seeds differ on another stage, in reverse order, or from their schedules. */
export async function unlike<Native>(what: Simulation<Native>, seeds: number, onRun: OnRun) {
  const [first, second] = [await what.prepare(), await what.prepare()];
  const traces = new Map<number, string>();
  for (let seed = 1; seed <= seeds; seed++) {
    traces.set(seed, traceOf(await new SimulatedRun(first, { seed }).play()));
    onRun();
  }
  let differ = 0;
  for (let seed = seeds; seed >= 1; seed--) {
    const again = await new SimulatedRun(second, { seed }).play();
    const schedule = readSchedule(scheduleText(again.taken));
    const repeated = await new SimulatedRun(second, { schedule }).play();
    const trace = traceOf(again);
    if (traces.get(seed) !== trace || trace !== traceOf(repeated)) differ++;
    onRun();
  }
  first.close();
  second.close();
  return differ;
}

function traceOf({ history, notes, steps }: RunResult): string {
  return JSON.stringify([history, notes, steps]);
}

/** Every run with at most `most` departures. */
export async function departures<Native>(what: Simulation<Native>, most: number, onRun: OnRun) {
  const stage = await what.prepare();
  const began = performance.now();
  const limits = { departures: most, runs: Number.POSITIVE_INFINITY, onRun };
  const found = await systematic(stage, limits);
  stage.close();
  const seconds = (performance.now() - began) / 1_000;
  return { runs: found.runs, failed: "result" in found ? 1 : 0, seconds };
}

/** Bytes of the heap that seeds leave behind. */
export async function growth<Native>(what: Simulation<Native>, seeds: number, onRun: OnRun) {
  const stage = await what.prepare();
  const heap = () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  await search(stage, { from: 1, seeds: WARM_UP, onRun });
  const before = heap();
  await search(stage, { from: 1 + WARM_UP, seeds, onRun });
  const bytes = heap() - before;
  stage.close();
  return bytes;
}

/** How many of the states that the checker foresees are reached. */
export async function coverage<Native>(what: Simulation<Native>, seeds: number, onRun: OnRun) {
  const stage = await what.prepare();
  await search(stage, { from: 1, seeds, onRun });
  const foreseen = stage.map.foresee()?.states ?? new Set();
  const reached = [...foreseen].filter((state) => stage.reached.states.has(state)).length;
  stage.close();
  return { reached, foreseen: foreseen.size };
}
