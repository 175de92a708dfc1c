import { BARRED, DONE, NONE, UNDONE } from "../choreography/fence.ts";
import {
  type Choice,
  type Effect,
  IDLE,
  type ModelDeadline,
  type ModelReaction,
  OVER,
} from "./model.ts";
import type { Violation } from "./violation.ts";

/*
 * What a transition writes into the marks of a service's effects and deadlines, and what that
 * violates.
 */

/** Does an effect. */
export function doEffect(
  state: Uint8Array,
  { service }: ModelReaction,
  effect: Effect,
  broken: Violation[],
): void {
  const before = state[effect.at];
  state[effect.at] = DONE;
  // A repeated end is reported where it is emitted.
  if (service.fence || before === NONE || !effect.needsUndo) return;
  if (before === DONE)
    broken.push(about(effect, "DOUBLE_EFFECT", `${effect.type} is done twice in one saga`));
  else broken.push(about(effect, "HANGING", `${effect.type} is done after its undo has run`));
}

/** Undoes what is done of the effects that a choice closes. */
export function undoEffect(
  state: Uint8Array,
  { service }: ModelReaction,
  { effect, closes }: Choice,
  broken: Violation[],
): void {
  if (effect === undefined) return;
  const done = closes.filter(({ at }) => state[at] === DONE);
  if (done.length > 0) {
    for (const { at } of done) state[at] = UNDONE;
    state[effect.at] = UNDONE;
    for (const one of done) broken.push(...outOfOrder(state, one));
  } else if (state[effect.at] === UNDONE) {
    const message = `${effect.type} is undone twice in one saga`;
    broken.push(about(effect, "DOUBLE_COMPENSATION", message));
  } else if (!service.fence) {
    state[effect.at] = BARRED;
    const message = `the undo of ${effect.type} runs where nothing was done`;
    broken.push(about(effect, "EMPTY_ROLLBACK", message));
  }
}

function outOfOrder(state: Uint8Array, effect: Effect): readonly Violation[] {
  return effect.after
    .filter(({ at }) => state[at] === DONE)
    .map(({ type }) => ({
      ...about(effect, "UNDO_ORDER", `${effect.type} is undone while ${type} is still done`),
      detail: type,
    }));
}

function about({ service, type }: Effect, code: Violation["code"], message: string): Violation {
  return { code, service, event: type, message };
}

/** Arms or cancels a deadline. A deadline that is cancelled before it is armed stays cancelled. */
export function touch(state: Uint8Array, { at, armedAs }: ModelDeadline, arms: boolean): void {
  if (arms) {
    if (state[at] === IDLE) state[at] = armedAs;
  } else if (state[at] !== OVER) state[at] = OVER;
}
