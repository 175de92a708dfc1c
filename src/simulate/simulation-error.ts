import { OdoriError } from "../contract/errors.ts";
import { counterexample } from "./counterexample.ts";
import type { SimulationFinding } from "./findings.ts";
import type { RunResult } from "./run.ts";
import { scheduleText } from "./schedule-text.ts";

/** How a run was found that goes wrong. */
export interface HowFound {
  readonly seed: number | undefined;
  readonly runs: number;
  /** How many departures it had before it was shrunk. */
  readonly departures: number;
  /** The line that repeats it, without the schedule. */
  readonly repeat: (schedule: string) => string;
}

/**
 * A simulation has found a run that goes wrong: `SIMULATION_FAILED`. The message draws the run;
 * `cause` is what a handler, or `holds`, has thrown.
 *
 * @example
 * ```ts
 * import { SimulationError } from "odori/simulate";
 *
 * const schedulesOf = (error: unknown) =>
 *   error instanceof SimulationError ? [error.schedule] : [];
 * ```
 */
export class SimulationError extends OdoriError {
  override readonly name = "SimulationError";
  /** What is wrong, the first one first. */
  readonly findings: readonly SimulationFinding[];
  /** Repeats the run: the option `replay` takes it. Empty if no single run is wrong. */
  readonly schedule: string;

  constructor(
    findings: readonly SimulationFinding[],
    schedule: string,
    message: string,
    cause?: unknown,
  ) {
    super("SIMULATION_FAILED", message, cause === undefined ? {} : { cause });
    this.findings = findings;
    this.schedule = schedule;
  }
}

/** The error of a run that goes wrong. */
export function wrongRun(result: RunResult, how: HowFound): SimulationError {
  const schedule = isRepeatable(result) ? scheduleText(result.taken) : "";
  const lines = [...counterexample(result), "", ...foundLines(result, how)];
  const message = `\n${lines.join("\n")}\n`;
  return new SimulationError(result.findings, schedule, message, result.cause);
}

/** Says how a run was found, and how to repeat it. */
export function foundLines(
  result: RunResult,
  { seed, runs, departures, repeat }: HowFound,
): readonly string[] {
  const { taken } = result;
  const many = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const by = seed === undefined ? "" : `by seed ${seed}, `;
  const verb = taken.length === 1 ? "is" : "are";
  const enough = taken.length === departures ? "" : `; ${taken.length} ${verb} enough`;
  const count = many(departures, "departure");
  return [
    `  Found ${by}in ${many(runs, "run")}: ${count} from the calm run${enough}.`,
    ...(isRepeatable(result) ? [`  Again: ${repeat(scheduleText(taken))}`] : []),
  ];
}

function isRepeatable({ findings }: RunResult): boolean {
  return findings[0]?.code !== "NOT_REPRODUCED";
}
