import type { Disposition } from "../ports/journal.ts";
import type { SequenceAction, SequenceStep } from "./sequence.ts";

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

/** One step of a saga as a journal tells it. */
interface JournalStep {
  readonly service: string;
  readonly disposition: Disposition;
  /** Type of the event heard; undefined where the service begins by itself. */
  readonly heard: string | undefined;
  /** Types of the events emitted. */
  readonly emitted: readonly string[];
  readonly effect: string | undefined;
  /** Why it did so, such as the message of an error. */
  readonly why?: string | undefined;
}

/** Turns a step of a running saga into one of a sequence diagram. */
export function sequenceStepOf({
  service,
  disposition,
  heard,
  emitted,
  effect,
  why,
}: JournalStep): SequenceStep {
  return {
    service,
    hears: disposition === "expired" ? null : (heard ?? null),
    emits: emitted,
    does: ACTIONS[disposition],
    ...(effect !== undefined && { effect }),
    ...(why !== undefined && { why }),
  };
}
