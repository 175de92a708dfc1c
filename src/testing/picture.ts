import {
  type SequenceAction,
  type SequenceNote,
  type SequenceStep,
  sequenceText,
} from "../draw/sequence.ts";
import type { TraceStep } from "../observe/trace.ts";
import type { Disposition } from "../ports/journal.ts";
import { spanOf } from "../text/span.ts";
import type { Moment } from "./rehearsal.ts";

const ACTIONS: Readonly<Record<Disposition, SequenceAction>> = {
  begun: "begins",
  done: "does",
  refused: "refuses",
  undone: "undoes",
  barred: "has nothing to undo",
  suppressed: "ignores",
  late: "is late",
  gathered: "waits for more",
  armed: "arms a deadline",
  disarmed: "calls a deadline off",
  expired: "has waited too long",
  retrying: "fails, and will try again",
  waiting: "waits behind another delivery",
  parked: "gives up",
  discarded: "is told to discard it",
};

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
    items.push(toSequence(step));
  }
  pass(now);
  return sequenceText(items);
}

function toSequence({ service, disposition, heard, emitted, effect }: TraceStep): SequenceStep {
  return {
    service,
    hears: disposition === "expired" ? null : (heard ?? null),
    emits: emitted,
    does: ACTIONS[disposition],
    ...(effect !== undefined && { effect }),
  };
}
