import { loopTurned } from "./quiet.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import type { Stage } from "./stage.ts";

/** A run that goes wrong, and the seed that drew it. */
export interface FoundRun {
  /** Undefined where no seed drew it. */
  readonly seed: number | undefined;
  /** How many runs it took to find it. */
  readonly runs: number;
  readonly result: RunResult;
}

/** How long a search goes on. */
export interface SearchLimits {
  /** The first seed. */
  readonly from: number;
  readonly seeds: number;
  /** Real time, in milliseconds since 1970, after which no run begins. */
  readonly until?: number | undefined;
  /** Told after each run. */
  readonly onRun?: ((result: RunResult) => void) | undefined;
}

/** Reads the real clock, also while a simulation has replaced `Date`. */
export const realNow = Date.now;

/** Between turns of the event loop, so that a progress line and a signal have their turn. */
const RUNS_A_TURN = 64;

/** Lets the event loop turn now and then. */
export async function turnAfter(runs: number): Promise<void> {
  if (runs % RUNS_A_TURN === 0) await loopTurned();
}

/** Runs seed after seed until one goes wrong. Resolves to how many were right otherwise. */
export async function search<Native>(
  stage: Stage<Native>,
  { from, seeds, until = Number.POSITIVE_INFINITY, onRun }: SearchLimits,
): Promise<FoundRun | { readonly runs: number }> {
  let runs = 0;
  let named = false;
  const late: FoundRun[] = [];
  while (runs < seeds && (runs === 0 || realNow() < until)) {
    const seed = from + runs;
    const onLate = (result: RunResult) => late.push({ seed, runs: seed - from + 1, result });
    const result = await new SimulatedRun(stage, { seed }, { onLate }).play();
    runs++;
    onRun?.(result);
    if (result.findings.length > 0) return late[0] ?? { seed, runs, result };
    if (result.waited && !named) {
      named = true;
      // Once more, now that such calls are told: no other run may come there.
      await new SimulatedRun(stage, { schedule: result.taken }).play();
    }
    await turnAfter(runs);
    const [first] = late;
    if (first !== undefined) return first;
  }
  await loopTurned();
  return late[0] ?? { runs };
}
