import { BARRED, DONE, UNDO, UNDONE } from "../choreography/fence.ts";
import type { Counterexample } from "./explore.ts";
import type { CounterexampleStep } from "./finding.ts";
import { Machine } from "./machine.ts";
import type { DeliverySource, Model } from "./model.ts";
import { unmerged } from "./unmerged.ts";

/**
 * Plays a counterexample again in the unreduced model, and returns the deliveries that were
 * suppressed on the way: those before the first step, then those after each one. The search removes
 * them unseen.
 */
export function suppressedDeliveries(
  model: Model,
  { beginning, steps }: Counterexample,
): readonly (readonly CounterexampleStep[])[] {
  const first = model.beginnings[beginning];
  if (first === undefined) return [];
  const machine = new Machine(model);
  const state = new Uint8Array(model.size);
  const seen: CounterexampleStep[] = [];
  machine.onInert = (marks, delivery) => seen.push(...suppressed(marks, delivery));
  machine.begin(state, first);
  const all = [seen.splice(0)];
  for (const step of steps) {
    for (const { source, choice } of unmerged(model, step)) machine.apply(state, source, choice);
    all.push(seen.splice(0));
  }
  return all;
}

function suppressed(
  state: Uint8Array,
  { reaction, types }: DeliverySource,
): readonly CounterexampleStep[] {
  if (reaction === undefined) return [];
  const { service, kind, effects, onceAt, maxAt, max, firedAt, parkedAt, entry } = reaction;
  const step = (why: string, effect?: string): readonly CounterexampleStep[] => [
    {
      service: service.name,
      hears: types[0] ?? null,
      emits: [],
      does: "suppresses it",
      ...(effect !== undefined && { effect }),
      why,
    },
  ];
  if (parkedAt >= 0 && state[parkedAt] !== 0) return step("it waits behind a parked delivery");
  if (kind !== UNDO && service.fence) {
    for (const { at, type: effect } of effects) {
      if (state[at] === DONE) return step(`${effect} is done already`, effect);
      if (state[at] === UNDONE) return step(`${effect} was undone`, effect);
      if (state[at] === BARRED) return step(`the undo of ${effect} came first`, effect);
    }
  }
  // A join that has fired, and an undo that has run, have done what they are for.
  if (firedAt >= 0 && state[firedAt] !== 0) return [];
  if (kind === UNDO && effects.some(({ at }) => state[at] === UNDONE || state[at] === BARRED))
    return [];
  if (onceAt >= 0 && state[onceAt] !== 0) return step(`"${entry.once}" is taken`);
  if (maxAt >= 0 && (state[maxAt] ?? 0) >= max) return step(`it has run ${max} times`);
  return [];
}
