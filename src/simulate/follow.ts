import type { Question, Schedule } from "./decisions.ts";
import type { RecordedStep } from "./record.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import { realNow, turnAfter } from "./search.ts";
import type { Stage } from "./stage.ts";
import { further } from "./systematic.ts";

const RUNS_MAX = 1_000;
const LIMIT_MS = 20_000;
/** Most draws that differ from the calm ones. */
const DEPARTURES_MAX = 3;

/** What following a record has come to. */
export interface Followed {
  /** The run that follows it, or that comes furthest. */
  readonly result: RunResult;
  readonly runs: number;
}

/**
 * Plays a saga as it was recorded. A record has no payloads, on which the course of the saga may
 * depend: what `given` and the chance of handlers draw is varied until the run follows the record.
 */
export async function followRecord<Native>(
  stage: Stage<Native>,
  recorded: readonly RecordedStep[],
): Promise<Followed> {
  const until = realNow() + LIMIT_MS;
  let furthest: RunResult | undefined;
  let runs = 0;
  let level: readonly Schedule[] = [[]];
  for (let depth = 0; depth <= DEPARTURES_MAX; depth++) {
    const next: Schedule[] = [];
    for (const schedule of level) {
      if (furthest !== undefined && (runs >= RUNS_MAX || realNow() >= until))
        return { result: furthest, runs };
      const course = { recorded, schedule };
      const result = await new SimulatedRun(stage, course, { asks: true }).play();
      runs++;
      if (furthest === undefined || lostPlace(result) > lostPlace(furthest)) furthest = result;
      if (result.lostAt === undefined) return { result, runs };
      next.push(...further(schedule, result.questions.filter(isData)));
      await turnAfter(runs);
    }
    level = next;
  }
  if (furthest === undefined) throw new RangeError("No run was made.");
  return { result: furthest, runs };
}

function lostPlace({ lostAt = Number.POSITIVE_INFINITY }: RunResult): number {
  return lostAt;
}

/** Whether a decision is about data, and not about what goes wrong. */
function isData({ site }: Question): boolean {
  return site === "data" || site.startsWith("chance ");
}
