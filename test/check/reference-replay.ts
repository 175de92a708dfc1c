import type { CounterexampleStep } from "../../src/check/finding.ts";
import type { Manifest } from "../../src/manifest/manifest.ts";
import { reportTo, Saga } from "./reference.ts";
import { type ReferenceState, type Said, textOf } from "./reference-state.ts";

/** Without an inbox, more may come for ever after a rule is broken. */
const LEFT_MAX = 100;

/**
 * Plays the steps of a counterexample. Returns what the last one breaks, together with what any
 * other step in its place breaks; undefined where one of the steps is not possible.
 */
export function replay(
  manifest: Manifest,
  trace: readonly CounterexampleStep[],
): ReadonlySet<string> | undefined {
  const violations = new Set<string>();
  const saga = new Saga(manifest, reportTo(violations), new Set());
  const [first, ...steps] = trace;
  let states = saga.beginnings().filter(({ last }) => isStep(last, first));
  for (const step of steps) {
    violations.clear();
    const next = states.flatMap((state) => {
      const { certain, possible } = saga.next(state);
      return [...certain, ...possible].filter(({ last }) => isStep(last, step));
    });
    states = [...new Map(next.map((state) => [textOf(state), state])).values()];
  }
  for (const state of states) {
    // What is left changes nothing, in whichever order it comes.
    let ended: ReferenceState | undefined = state;
    for (let steps = 0; ended !== undefined && steps < LEFT_MAX; steps++) {
      const [next]: readonly ReferenceState[] = saga.next(ended).certain;
      if (next === undefined) saga.judge(ended);
      ended = next;
    }
  }
  return states.length === 0 ? undefined : violations;
}

function isStep({ service, hears, emits }: Said, step: CounterexampleStep | undefined): boolean {
  return (
    service === step?.service &&
    hears === step.hears &&
    emits.join(" ") === (step.emits ?? []).join(" ")
  );
}
