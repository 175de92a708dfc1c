import * as fence from "../choreography/fence.ts";
import type { MarkNames, ReactionPlan } from "./plan.ts";

/** States of an effect's mark, as the store keeps them. */
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

const DECISIONS = {
  [fence.RUN]: "run",
  [fence.LATE]: "late",
  [fence.SUPPRESS]: "suppress",
  [fence.ACKNOWLEDGE]: "acknowledge",
} as const satisfies Readonly<Record<fence.Ruling, Decision>>;

/** Decides what a delivery does, given the marks of its saga as the store has returned them. */
export function decide<Native>(
  { reaction }: ReactionPlan<Native>,
  names: MarkNames,
  states: readonly (string | undefined)[],
): Decision {
  const has = (name: string | undefined) =>
    name !== undefined && states[names.all.indexOf(name)] !== undefined;
  let marks = fence.NONE;
  for (const name of names.effects) marks |= bitOf(states[names.all.indexOf(name)]);
  const spent = reaction.max !== undefined && runsOf(names, states) >= reaction.max;
  const kind = fence.KINDS[reaction.kind];
  return DECISIONS[fence.rulingOn(kind, marks, has(names.firstOf), spent, has(names.join))];
}

/** A stored state of an effect, as the fence has it. */
function bitOf(state: string | undefined): number {
  switch (state) {
    case undefined:
      return fence.NONE;
    case UNDONE:
      return fence.UNDONE;
    case BARRED:
      return fence.BARRED;
    default:
      return fence.DONE;
  }
}

/** How often the reaction has run in this saga. */
export function runsOf(names: MarkNames, states: readonly (string | undefined)[]): number {
  return names.max === undefined ? 0 : Number(states[names.all.indexOf(names.max)] ?? 0);
}
