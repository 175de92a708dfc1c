import type { MarkNames, ReactionPlan } from "./plan.ts";

/** States of an effect's mark. */
export const DONE = "done";
export const UNDONE = "undone";
export const BARRED = "barred";

/**
 * - `run`          call the handler
 * - `late`         call the late handler
 * - `suppress`     do nothing: the saga has turned back, or this has happened already
 * - `acknowledge`  an undo with nothing to undo: bar its effect, and answer all the same
 */
export type Decision = "run" | "late" | "suppress" | "acknowledge";

/** The fence, as a function: what to do with a delivery, given the marks of its saga. */
export function decide<Native>(
  plan: ReactionPlan<Native>,
  names: MarkNames,
  states: readonly (string | undefined)[],
): Decision {
  const state = (name: string | undefined) =>
    name === undefined ? undefined : states[names.all.indexOf(name)];
  const { reaction } = plan;
  const effect = state(names.effects[0]);
  if (reaction.kind === "undo") {
    if (effect === UNDONE || effect === BARRED) return "suppress";
  } else if (
    names.effects.some((name) => state(name) !== undefined) ||
    state(names.join) !== undefined
  )
    return "suppress";
  if (state(names.firstOf) !== undefined) return "late";
  if (reaction.max !== undefined && Number(state(names.max) ?? 0) >= reaction.max) return "late";
  return reaction.kind === "undo" && effect === undefined ? "acknowledge" : "run";
}

/** How often the reaction has run in this saga. */
export function runsOf(names: MarkNames, states: readonly (string | undefined)[]): number {
  return names.max === undefined ? 0 : Number(states[names.all.indexOf(names.max)] ?? 0);
}
