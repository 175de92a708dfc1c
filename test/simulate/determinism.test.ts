import { describe, expect, it } from "vitest";
import { type RunResult, SimulatedRun } from "../../src/simulate/run.ts";
import { readSchedule, scheduleText } from "../../src/simulate/schedule-text.ts";
import { SqlRows } from "../../src/simulate/sql-rows.ts";
import { SqliteTables } from "../../src/simulate/sqlite-tables.ts";
import { Stage } from "../../src/simulate/stage.ts";
import { tripWith } from "./trip.ts";

const SEEDS = Array.from({ length: 60 }, (_, at) => at + 1);

function prepare(database: () => SqlRows | SqliteTables) {
  const { choreography, options } = tripWith();
  const instances = { flight: 2 };
  return Stage.prepare(choreography, { ...options, instances }, database);
}

/** All that a run has done. */
const traceOf = ({ history, notes, steps, ends }: RunResult) =>
  JSON.stringify([history, notes, steps, [...ends]]);

const STORES = [
  ["rows", () => new SqlRows()],
  ["sqlite", () => new SqliteTables()],
] as const;

describe("a run is what its decisions say", () => {
  it.each(STORES)(
    "the same on another stage, in another order, and from the schedule alone: %s",
    async (_, database) => {
      const [first, second] = [await prepare(database), await prepare(database)];
      const runs = new Map<number, RunResult>();
      for (const seed of SEEDS) runs.set(seed, await new SimulatedRun(first, { seed }).play());
      for (const seed of SEEDS.toReversed()) {
        const run = runs.get(seed);
        if (run === undefined) throw new Error("a seed is missing");
        expect(traceOf(await new SimulatedRun(second, { seed }).play())).toBe(traceOf(run));
        const schedule = readSchedule(scheduleText(run.taken));
        expect(traceOf(await new SimulatedRun(second, { schedule }).play())).toBe(traceOf(run));
      }
      expect(new Set([...runs.values()].map(traceOf)).size).toBeGreaterThan(SEEDS.length * 0.8);
    },
  );
});
