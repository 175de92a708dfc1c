import type { ManifestOutcome } from "../manifest/manifest.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { spanOf } from "../text/span.ts";
import type { EmittedBy, Explanation, Reacts } from "./explain.ts";

/** Shows reactions up to this turn; a picture shows the rest better. */
const TURNS_SHOWN = 8;

/** Puts an explanation into sentences, one line per array item. */
export function explanationText(
  explanation: Explanation,
  paint: Paint = plainPaint,
): readonly string[] {
  const { event, summary, emittedBy, heardBy, follows, undoing, ends } = explanation;
  const lines = [
    `${paint.bold(printable(event))}${summary === undefined ? "" : `  ${printable(summary)}`}`,
    ...roles(explanation).map((role) => paint.dim(role)),
  ];
  lines.push("", paint.bold("Emitted by"));
  if (emittedBy.length === 0) lines.push("  no service");
  for (const emitter of emittedBy) lines.push(`  ${emitted(emitter)}`);
  lines.push("", paint.bold("Heard by"));
  if (heardBy.length === 0) lines.push("  no service");
  for (const reaction of heardBy) lines.push(`  ${printable(reaction.service)} ${deed(reaction)}`);
  const later = follows.filter(({ turn }) => turn > 1 && turn <= TURNS_SHOWN);
  if (later.length > 0) lines.push("", paint.bold("What follows"));
  for (const reaction of later) {
    const hears = `  ${reaction.turn}. on ${shortType(reaction.hears)}`;
    lines.push(`${hears}, ${printable(reaction.service)} ${deed(reaction)}`);
  }
  if (undoing !== undefined) {
    lines.push("", paint.bold("Undoing"));
    for (const { turn, service, effect, on } of undoing.undone) {
      const what = `${printable(service)} undoes ${shortType(effect)}`;
      lines.push(paint.undo(`  ${turn}. ${what} when it hears ${shortType(on)}, if it was done`));
    }
    if (ends.length === 0) lines.push("  No event marks the end of the undos.");
    for (const end of ends) lines.push(`  ${shortType(end.end)} ${endText(end)}`);
  }
  return lines;
}

/** Says whether an end is told after everything is undone. */
function endText({ stillDone }: Explanation["ends"][number]): string {
  if (stillDone === undefined)
    return "says that the saga has failed; whether all is undone by then was not proved.";
  if (stillDone.length === 0) return "marks the end of the undos: the saga has failed.";
  const effects = stillDone.map(shortType).join(" and ");
  return `says that the saga has failed, though ${effects} may still be done.`;
}

function roles({
  event,
  ends,
  begins,
  succeeds,
  fails,
  failure,
  external,
  pivot,
}: Explanation): readonly string[] {
  return [
    begins ? ["A saga begins with it."] : [],
    succeeds ? ["The saga succeeds with it."] : [],
    fails ? [failsWith(ends.find(({ end }) => end === event)?.stillDone)] : [],
    failure && !fails ? ["A failure: the saga turns back or takes another path."] : [],
    pivot ? ["A pivot: after it, the saga must not turn back."] : [],
    external ? ["Also heard outside the choreography."] : [],
  ].flat();
}

function failsWith(stillDone: readonly string[] | undefined): string {
  if (stillDone === undefined) return "The saga fails with it.";
  if (stillDone.length === 0) return "The saga fails with it, after all effects are undone.";
  return `The saga fails with it, though ${stillDone.map(shortType).join(" and ")} may be done.`;
}

function emitted({ service, how, hears }: EmittedBy): string {
  const heard = hears.map(shortType).join(" or ");
  const name = printable(service ?? "");
  switch (how) {
    case "outside":
      return "a system outside the choreography";
    case "begins":
      return `${name}, which begins a saga with it`;
    case "emits":
      return `${name}, when it hears ${heard} and succeeds`;
    case "fails":
      return `${name}, when it hears ${heard} and cannot do its part; it leaves no effect`;
    case "late":
      return `${name}, when it hears ${heard} and another reaction was first`;
    case "parked":
      return `${name}, when it gives up on ${heard}`;
    case "deadline":
      return `${name}, when it has waited too long after ${heard}`;
  }
}

function deed({
  does,
  effect,
  waitsFor = [],
  emits,
  fails,
  late,
  once,
  max,
  withinMs = 0,
}: Reacts): string {
  const then = outcomes(emits);
  if (does === "arms a deadline")
    return `arms a deadline: after ${spanOf(withinMs)} it emits ${then}`;
  if (does === "calls a deadline off") return "calls its deadline off";
  const failing = fails.length === 0 ? "" : `, or ${outcomes(fails)} when it cannot`;
  const bounded = max === undefined ? "" : ` (at most ${max} times)`;
  const first = once === undefined ? "" : ` (once: "${printable(once)}")`;
  const otherwise =
    (once === undefined && max === undefined) || late.flat().length === 0
      ? ""
      : `; after that ${outcomes(late)}`;
  const what =
    does === "undoes"
      ? `undoes ${shortType(effect ?? "")}, then `
      : does === "joins"
        ? `waits for ${waitsFor.map(shortType).join(" and ")} too, then `
        : "";
  return `${what}emits ${then}${failing}${first}${bounded}${otherwise}`;
}

function outcomes(list: readonly ManifestOutcome[]): string {
  const alternatives = list.map((outcome) =>
    outcome.length === 0 ? "nothing" : outcome.map(shortType).join(" and "),
  );
  return alternatives.length === 0 ? "nothing" : alternatives.join(" or ");
}
