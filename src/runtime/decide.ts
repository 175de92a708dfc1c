import type { Marks } from "./marks.ts";
import type { MarkNames, ReactionPlan } from "./plan.ts";
export const DONE = "done";
export const UNDONE = "undone";
export const BARRED = "barred";
export type Decision = "run" | "late" | "suppress" | "acknowledge";
export function decide<Native>(
  plan: ReactionPlan<Native>,
  names: MarkNames,
  marks: Marks,
): Decision {
  const { reaction } = plan;
  const effect = marks.of(names.effects[0]);
  if (reaction.kind === "undo") {
    if (effect === UNDONE || effect === BARRED) return "suppress";
  } else if (
    names.effects.some((name) => marks.of(name) !== undefined) ||
    marks.of(names.join) !== undefined
  )
    return "suppress";
  if (marks.of(names.firstOf) !== undefined) return "late";
  if (reaction.max !== undefined && Number(marks.of(names.max) ?? 0) >= reaction.max) return "late";
  return reaction.kind === "undo" && effect === undefined ? "acknowledge" : "run";
}
export function runsOf(names: MarkNames, marks: Marks): number {
  return Number(marks.of(names.max) ?? 0);
}
