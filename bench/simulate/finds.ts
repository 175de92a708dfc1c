import type { RunResult } from "../../src/simulate/run.ts";
import { SimulatedRun } from "../../src/simulate/run.ts";
import { search } from "../../src/simulate/search.ts";
import { shrink } from "../../src/simulate/shrink.ts";
import { simulation } from "../../src/simulate/simulation.ts";
import { BUGS, type Bug, tripWith } from "../../test/simulate/trip.ts";
import { median } from "../harness/statistics.ts";
import type { Row } from "./row.ts";

/** Beginnings of a search, far from one another. */
const STARTS = 10;
const APART = 10_000;
/** A search that has found nothing by then counts as one that never does. */
const SEEDS_MAX = 1_000;

/** How many seeds each planted bug takes, and what shrinking leaves of its run. */
export const finds: readonly Row[] = BUGS.map((bug) => ({
  what: `finds: ${bug}`,
  goal: "median 30, worst 100; 3 departures, 1 s",
  async measure(onRun) {
    const { seeds, departures, ms, repeats } = await findsOf(bug, onRun);
    const [middle, worst] = [median(seeds), Math.max(...seeds)];
    const again = repeats ? "" : ", which does not repeat";
    const shrunk = `${departures} departures in ${Math.round(ms)} ms${again}`;
    const text = `median ${middle}, worst ${worst}; ${shrunk}`;
    return { text, median: middle, worst, departures, ms, repeats: repeats ? 1 : 0 };
  },
}));

async function findsOf(bug: Bug, onRun: () => void) {
  const { choreography, options } = tripWith(bug);
  const stage = await simulation(choreography, options).prepare();
  const seeds: number[] = [];
  let first: RunResult | undefined;
  for (let start = 0; start < STARTS; start++) {
    const found = await search(stage, { from: 1 + start * APART, seeds: SEEDS_MAX, onRun });
    seeds.push("result" in found ? found.runs : Number.POSITIVE_INFINITY);
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
  return { seeds, departures: schedule.length, ms, repeats };
}
