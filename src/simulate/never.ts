import type { SimulationFinding } from "./findings.ts";
import type { Stage } from "./stage.ts";

/**
 * Finds what can happen by the checker and has happened in no run: a test that never sees an
 * undo proves nothing about it.
 */
export function neverHappened<Native>(stage: Stage<Native>): readonly SimulationFinding[] {
  const { outcomes } = stage.reached;
  const { accepts = {} } = stage.options;
  if (Object.hasOwn(accepts, "NEVER")) return [];
  const foreseen = stage.map.foresee()?.outcomes ?? new Set<string>();
  const never = [...foreseen].filter((one) => !outcomes.has(one) && !Object.hasOwn(accepts, one));
  return never.map((one) => ({ code: "NEVER", message: `${one} has happened in no run` }));
}
