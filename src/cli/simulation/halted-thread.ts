import type { SimulationFinding } from "../../simulate/findings.ts";

/** Code of the user has stopped a thread: by a loop, or by its end. */
export class HaltedThread extends Error {
  override readonly name = "HaltedThread";
  readonly finding: SimulationFinding;
  /** The seed of the run that was under way, where one drew it. */
  readonly seed: number | undefined;

  constructor(finding: SimulationFinding, seed: number | undefined) {
    super(finding.message);
    this.finding = finding;
    this.seed = seed;
  }
}

/** The user has ended the command, with Ctrl-C. */
export class InterruptedRuns extends Error {
  override readonly name = "InterruptedRuns";
}
