import { useMemo } from "preact/hooks";
import type { SagaReply, Step } from "../../../src/console/wire.ts";
import { shortType, visible } from "../../text/visible.ts";
import { Sequence, type SequenceRow } from "../../ui/sequence.tsx";
import { words } from "../../words/words.ts";
import { firstOf, noteText, oddText, sinceText, stepTone } from "./step-text.ts";
import type { ViewProps } from "./views.tsx";

/** The steps of a saga as a sequence diagram. */
export function StepSequence({ reply, onEnd }: ViewProps) {
  const w = words.value;
  const outside = w.saga.outsideLane;
  const { rows, lanes } = useMemo(() => drawn(reply, outside), [reply, outside]);
  return <Sequence label={w.saga.views.sequence} rows={rows} lanes={lanes} timed onEnd={onEnd} />;
}

function drawn({ steps, lanes, saga }: SagaReply, outside: string) {
  const foreign = steps.some(({ heard, cause }) => heard !== undefined && cause === undefined);
  const began = firstOf(steps, saga.began);
  const rows = steps.map((step) => rowOf(step, steps, began, outside));
  return { rows, lanes: foreign ? [outside, ...lanes] : lanes };
}

function rowOf(step: Step, steps: readonly Step[], began: number, outside: string): SequenceRow {
  const { n, service, heard, cause, at } = step;
  const sender = cause === undefined ? outside : (steps[cause]?.service ?? outside);
  const note = noteText(step);
  const time = sinceText(at, began);
  const odd = oddText(step);
  const event = heard === undefined ? {} : { heard: shortType(heard) };
  return {
    key: String(n),
    who: service,
    from: heard === undefined ? service : sender,
    ...event,
    note: odd === undefined ? note : `${note} (${odd})`,
    tone: step.undeclared ? "bad" : stepTone(step),
    said: [time, visible(service), heard === undefined ? "" : shortType(heard), note, odd ?? ""]
      .filter((part) => part !== "")
      .join(", "),
    time,
    ...(step.clockContradicts && odd !== undefined ? { warning: odd } : {}),
  };
}
