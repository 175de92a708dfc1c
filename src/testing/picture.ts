import { sequenceStepOf } from "../draw/saga-steps.ts";
import { type SequenceNote, type SequenceStep, sequenceText } from "../draw/sequence.ts";
import type { TraceStep } from "../observe/trace.ts";
import { spanOf } from "../text/span.ts";
import type { Moment } from "./rehearsal.ts";

const SECOND_MS = 1_000;

/** Draws the steps of a saga, and what happened between them. */
export function pictureOf(
  steps: readonly TraceStep[],
  moments: readonly Moment[],
  now: number,
): readonly string[] {
  const notes = [...moments];
  const items: (SequenceStep | SequenceNote)[] = [];
  let last = steps[0]?.at ?? now;
  const pass = (until: number) => {
    while (notes[0] !== undefined && notes[0].at < until) {
      const { at, note } = notes.shift() ?? { at: until, note: "" };
      wait(at);
      items.push({ note });
    }
    wait(until);
  };
  const wait = (until: number) => {
    const seconds = Math.round((until - last) / SECOND_MS);
    if (seconds > 0) items.push({ note: `${spanOf(seconds * SECOND_MS)} pass` });
    last = Math.max(last, until);
  };
  for (const step of steps) {
    pass(step.at);
    items.push(sequenceStepOf(step));
  }
  pass(now);
  return sequenceText(items);
}
