import type { Departure, Question, Schedule } from "./decisions.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import { type FoundRun, realNow, turnAfter } from "./search.ts";
import type { Stage } from "./stage.ts";
import { WAYS_TRIED } from "./ways-tried.ts";

/** What a systematic search goes through. */
export interface SystematicLimits {
  /** Most departures from the run that it begins with. */
  readonly departures: number;
  /** Begins with the run of this schedule. @default the calm run */
  readonly from?: Schedule;
  readonly runs: number;
  readonly until?: number | undefined;
  /** Which results are looked for. */
  readonly wanted?: (result: RunResult) => boolean;
  readonly onRun?: ((result: RunResult) => void) | undefined;
}

/** Why a systematic search has not made every run: its time was up, or a decision had more ways. */
export type LeftOut = "time" | "ways";

/** A systematic search that has found nothing. */
export interface SystematicRuns {
  readonly runs: number;
  /** Undefined: every run was made. */
  readonly leftOut: LeftOut | undefined;
}

/**
 * Goes through every schedule with few departures from the calm run, the fewest first: each fault
 * at each point, each other order of two messages, each other choice of data; then each pair of
 * them. A run that it finds is as short as can be.
 */
export async function systematic<Native>(
  stage: Stage<Native>,
  limits: SystematicLimits,
): Promise<FoundRun | SystematicRuns> {
  const { departures, until = Number.POSITIVE_INFINITY, onRun } = limits;
  const wanted = limits.wanted ?? (({ findings }: RunResult) => findings.length > 0);
  let runs = 0;
  let leftOut: LeftOut | undefined;
  let level: readonly Schedule[] = [limits.from ?? []];
  for (let depth = 0; depth <= departures; depth++) {
    const next: Schedule[] = [];
    for (const schedule of level) {
      if (runs >= limits.runs || (runs > 0 && realNow() >= until)) return { runs, leftOut: "time" };
      const result = await new SimulatedRun(
        stage,
        { schedule },
        { asks: depth < departures },
      ).play();
      runs++;
      onRun?.(result);
      if (wanted(result)) return { seed: undefined, runs, result };
      await turnAfter(runs);
      if (result.questions.some(({ ways }) => ways > WAYS_TRIED)) leftOut = "ways";
      if (result.findings.length === 0) next.push(...further(schedule, result.questions));
    }
    level = next;
  }
  return { runs, leftOut };
}

/** One more departure, after the last one: no set of them is tried twice. */
export function further(schedule: Schedule, questions: readonly Question[]): readonly Schedule[] {
  const last = schedule.at(-1);
  const at = questions.findIndex(({ site, index }) => site === last?.site && index === last.index);
  return questions.slice(at + 1).flatMap(({ site, index, ways }) =>
    Array.from({ length: Math.min(ways, WAYS_TRIED) - 1 }, (_, way): Schedule => {
      const departure: Departure = { site, index, value: way + 1 };
      return [...schedule, departure];
    }),
  );
}
