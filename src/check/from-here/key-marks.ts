import { BARRED, DONE, NONE, UNDONE } from "../../choreography/fence.ts";
import type { Effect } from "../model.ts";

/*
 * Journals do not say which key an effect has, and the model knows two keys. What is known is how
 * many keys are done, undone and barred. So a saga may be in several states: one for each way to
 * give these marks to the two keys.
 */

/** How often the reactions with a key have done, undone and barred one effect. */
export interface KeyCounts {
  done: number;
  undone: number;
  barred: number;
  /** Whether an undo of all keys has run. */
  closed: boolean;
}

/** The marks of two keys, in each order. */
interface KeyedEffect {
  readonly ways: readonly (readonly [Effect, number])[][];
  /** Whether the saga has more keys than the model. */
  readonly more: boolean;
}

const KEYS = 2;
/** Most states that stand for one saga. */
const WAYS_MAX = 16;

/** Returns the ways in which the marks of an effect may belong to the two keys. */
export function waysOf(effects: readonly Effect[], counts: KeyCounts): KeyedEffect {
  const keys = effects.filter(({ key }) => key !== undefined);
  const open = Math.max(0, counts.done - counts.undone);
  const done = counts.closed ? 0 : open;
  const undone = counts.closed ? Math.max(counts.done, counts.undone) : counts.undone;
  // What is still to be undone matters most.
  const marks = [
    ...Array.from({ length: done }, () => DONE),
    ...Array.from({ length: undone }, () => UNDONE),
    ...Array.from({ length: counts.barred }, () => BARRED),
  ];
  const [first = NONE, second = NONE] = marks;
  const orders =
    first === second
      ? [[first, second]]
      : [
          [first, second],
          [second, first],
        ];
  const ways = orders.map((order) =>
    keys.map((effect, at) => [effect, order[at] ?? NONE] as const),
  );
  return { ways, more: marks.length > KEYS };
}

/** Writes the marks of each effect into copies of a state, in every way. */
export function inEveryWay(
  state: Uint8Array,
  keyed: readonly KeyedEffect[],
): readonly Uint8Array[] {
  let states = [state];
  for (const { ways } of keyed) {
    states = states.flatMap((one) =>
      ways.map((marks) => {
        const copy = one.slice();
        for (const [{ at }, mark] of marks) copy[at] = mark;
        return copy;
      }),
    );
    states = states.slice(0, WAYS_MAX);
  }
  return states;
}
