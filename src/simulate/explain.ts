import { type RunResult, SimulatedRun } from "./run.ts";
import type { Stage } from "./stage.ts";

/**
 * Makes a run that goes wrong once more, and says where and why: stacks cost too much in a search.
 * Returns the run as it was if it does not go wrong in the same way again.
 */
export async function explained<Native>(
  stage: Stage<Native>,
  found: RunResult,
): Promise<RunResult> {
  const code = found.findings[0]?.code;
  if (code === "NOT_REPRODUCED") return found;
  const schedule = found.taken;
  const again = await new SimulatedRun(stage, { schedule }, { explains: true }).play();
  return again.findings[0]?.code === code ? { ...again, lostAt: found.lostAt } : found;
}
