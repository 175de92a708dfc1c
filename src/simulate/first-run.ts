import type { Course } from "./decisions.ts";
import type { SimulationFinding } from "./findings.ts";
import type { Committed } from "./history.ts";
import { type RunResult, SimulatedRun } from "./run.ts";
import type { Stage } from "./stage.ts";

/** Why the same decisions may lead elsewhere, and what to do about it. */
export const STATE_OUTLIVES_A_RUN =
  "state outside the transactions survives from run to run, such as a variable of a module: keep " +
  "it in rows, or put it back in `reset`";

/**
 * Remembers the first run of a search, to make it again at the end. Handlers that keep something
 * between runs do otherwise then, and what the search has seen means little.
 */
export class FirstRun<Native> {
  readonly #stage: Stage<Native>;
  #first: { readonly course: Course; readonly result: RunResult } | undefined;

  constructor(stage: Stage<Native>) {
    this.#stage = stage;
  }

  /** Takes a run that was made: the first one is kept. */
  note(course: Course, result: RunResult): void {
    this.#first ??= { course, result };
  }

  /** Makes the first run again. Resolves to how it differs, if it does. */
  async repeat(): Promise<SimulationFinding | undefined> {
    if (this.#first === undefined) return undefined;
    const { course, result: before } = this.#first;
    const again = await new SimulatedRun(this.#stage, course).play();
    if (runTrace(before) === runTrace(again)) return undefined;
    const place = before.history.findIndex(
      (row, at) => rowText(row) !== rowText(again.history[at]),
    );
    const at = place < 0 ? before.history.length : place;
    const [was, is] = [rowStep(before.history[at]), rowStep(again.history[at])];
    const run = "seed" in course ? `the run of seed ${course.seed}` : "the first run";
    return {
      code: "NOT_REPRODUCED",
      message:
        `${run} goes otherwise after the search: at step ${at + 1} it had ${was}, and now it has ` +
        `${is}. So ${STATE_OUTLIVES_A_RUN}`,
    };
  }
}

function runTrace({ history, notes, taken, findings, ends }: RunResult): string {
  return JSON.stringify([history, notes, taken, findings, [...ends]]);
}

function rowText(row: Committed | undefined): string | undefined {
  return JSON.stringify(row);
}

function rowStep(row: Committed | undefined): string {
  if (row === undefined) return "its end";
  const { disposition, reaction, emitted } = row.entry;
  const types = emitted.map(({ type }) => type).join(", ");
  return `${row.process}: ${reaction} ${disposition}${types === "" ? "" : ` → ${types}`}`;
}
