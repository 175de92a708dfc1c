import * as fence from "../choreography/fence.ts";
import type { Marks } from "./marks.ts";
import type { MarkNames, ReactionPlan } from "./plan.ts";

/** States of an effect's mark, as the store keeps them. */
export const EFFECT_STATE = { done: "done", undone: "undone", barred: "barred" } as const;

/**
 * - `run`          call the handler
 * - `late`         call the late handler
 * - `suppress`     do nothing: the saga has turned back, or this has happened already
 * - `acknowledge`  an undo with nothing to undo: bar its effect, and emit its first event
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
  marks: Marks,
): Decision {
  const has = (name: string | undefined) => marks.of(name) !== undefined;
  const joined = (list: readonly string[]) =>
    list.reduce((bits, name) => bits | bitOf(marks.of(name)), fence.NONE);
  const own = joined(names.effects);
  const effects = isOfAllKeys(reaction)
    ? fence.markOfAllKeys(own, joined(marks.keyed(names.effects)))
    : fence.markOfKey(own, joined(names.ofAllKeys));
  const spent = reaction.max !== undefined && runsOf(names, marks) >= reaction.max;
  const kind = fence.KINDS[reaction.kind];
  return DECISIONS[fence.rulingOn(kind, effects, has(names.firstOf), spent, has(names.join))];
}

/** Whether the reaction is an undo of the effects of all keys. */
export function isOfAllKeys<Native>(reaction: ReactionPlan<Native>["reaction"]): boolean {
  return reaction.kind === "undo" && reaction.key === "all";
}

/** A stored state of an effect, as the fence has it. */
function bitOf(state: string | undefined): number {
  switch (state) {
    case undefined:
      return fence.NONE;
    case EFFECT_STATE.undone:
      return fence.UNDONE;
    case EFFECT_STATE.barred:
      return fence.BARRED;
    default:
      return fence.DONE;
  }
}

/** How often the reaction has run in this saga. */
export function runsOf(names: MarkNames, marks: Marks): number {
  return Number(marks.of(names.max) ?? 0);
}
