import { sequenceStepOf } from "../draw/saga-steps.ts";
import { type SequenceNote, type SequenceStep, sequenceText } from "../draw/sequence.ts";
import type { Disposition } from "../ports/journal.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printableLines } from "../text/printable.ts";
import type { RunResult } from "./run.ts";

/** Steps in which a service does nothing. */
const UNDRAWN: readonly Disposition[] = ["suppressed", "waiting"];
const FINDINGS_MAX = 3;

/** Draws a run that goes wrong: what is wrong, and a sequence diagram with the faults in it. */
export function counterexample(
  { findings, history, notes }: RunResult,
  paint: Paint = plainPaint,
): readonly string[] {
  const wrong = findings.slice(0, FINDINGS_MAX).flatMap(({ code, message, sagaId }) => {
    const about = sagaId === undefined ? "" : ` (${sagaId})`;
    const [first = "", ...more] = printableLines(message)
      .split("\n")
      .filter((line) => line.trim() !== "");
    return [`✗ ${code}  ${first}${about}`, ...more.map((line) => `  ${line}`)];
  });
  const items: (SequenceStep | SequenceNote)[] = [];
  const sagas = new Set(history.map(({ entry }) => entry.sagaId));
  let noted = 0;
  let last: string | undefined;
  for (const [place, { process, entry }] of history.entries()) {
    for (; (notes[noted]?.place ?? Number.POSITIVE_INFINITY) <= place; noted++)
      items.push({ note: notes[noted]?.note ?? "" });
    if (UNDRAWN.includes(entry.disposition)) continue;
    if (sagas.size > 1 && entry.sagaId !== last) items.push({ note: `saga ${entry.sagaId}` });
    last = entry.sagaId;
    items.push(
      sequenceStepOf({
        service: process,
        disposition: entry.disposition,
        heard: entry.disposition === "begun" ? undefined : entry.type,
        emitted: entry.emitted.map(({ type }) => type),
        effect: entry.effect,
      }),
    );
  }
  for (const { note } of notes.slice(noted)) items.push({ note });
  return [...wrong.map(paint.bad), "", ...sequenceText(items, paint).map((line) => `    ${line}`)];
}
