import { sequenceStepOf } from "../draw/saga-steps.ts";
import { type SequenceNote, type SequenceStep, sequenceText } from "../draw/sequence.ts";
import type { Disposition } from "../ports/journal.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable, printableLines } from "../text/printable.ts";
import { cutShort, type SimulationFinding } from "./findings.ts";
import type { Committed, Noted } from "./history.ts";
import { readablePlace } from "./place.ts";
import type { RunResult } from "./run.ts";

/** Steps in which a service does nothing. */
const UNDRAWN: readonly Disposition[] = ["suppressed", "waiting"];
const FINDINGS_MAX = 3;
/** A line of the picture has room for the beginning of an error. */
const WHY_MAX_CHARS = 72;

/** Draws a run that goes wrong: what is wrong, and a sequence diagram with the faults in it. */
export function counterexample(
  { findings, history, notes }: RunResult,
  paint: Paint = plainPaint,
): readonly string[] {
  const wrong = findings.slice(0, FINDINGS_MAX).flatMap(findingLines);
  const items = itemsOf(history, notes);
  return [...wrong.map(paint.bad), "", ...sequenceText(items, paint).map((line) => `    ${line}`)];
}

function findingLines({ code, message, sagaId, at }: SimulationFinding): readonly string[] {
  const about = sagaId === undefined ? "" : ` (${sagaId})`;
  const [first = "", ...more] = printableLines(message)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const place = at === undefined ? [] : [`at ${printable(readablePlace(at))}`];
  return [`✗ ${code}  ${first}${about}`, ...[...more, ...place].map((line) => `  ${line}`)];
}

function itemsOf(
  history: readonly Committed[],
  notes: readonly Noted[],
): readonly (SequenceStep | SequenceNote)[] {
  const items: (SequenceStep | SequenceNote)[] = [];
  const sagas = new Set(history.map(({ entry }) => entry.sagaId));
  /** The failed deliveries since the last other step, by what is drawn of them. */
  const failed = new Map<string, number>();
  let noted = 0;
  let last: string | undefined;
  for (const [place, row] of history.entries()) {
    const { entry } = row;
    for (; (notes[noted]?.place ?? Number.POSITIVE_INFINITY) <= place; noted++) {
      items.push({ note: notes[noted]?.note ?? "" });
      failed.clear();
    }
    if (UNDRAWN.includes(entry.disposition)) continue;
    const step = stepOf(row);
    const drawn = `${row.process}\n${entry.sagaId}\n${JSON.stringify(step)}`;
    const before = failed.get(drawn);
    const same = before === undefined ? undefined : items[before];
    if (before !== undefined && same !== undefined && !("note" in same)) {
      items[before] = { ...same, times: (same.times ?? 1) + 1 };
      continue;
    }
    if (sagas.size > 1 && entry.sagaId !== last) items.push({ note: `saga ${entry.sagaId}` });
    last = entry.sagaId;
    if (entry.disposition === "retrying") failed.set(drawn, items.length);
    else failed.clear();
    items.push(step);
  }
  return [...items, ...notes.slice(noted).map(({ note }) => ({ note }))];
}

function stepOf({ process, entry, why = "" }: Committed): SequenceStep {
  const { disposition, type, emitted, effect } = entry;
  const [first = ""] = emitted.length > 0 ? [] : why.split("\n");
  return sequenceStepOf({
    service: process,
    disposition,
    heard: disposition === "begun" ? undefined : type,
    emitted: emitted.map((one) => one.type),
    effect,
    why: first === "" ? undefined : cutShort(printable(first), WHY_MAX_CHARS),
  });
}
