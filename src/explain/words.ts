import type { ManifestOutcome } from "../manifest/manifest.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { spanOf } from "../text/span.ts";
import type { EmittedBy, Explanation, Reacts } from "./explain.ts";

/** Further on than this, a picture says more. */
const TURNS_SHOWN = 8;

/** An explanation in sentences. */
export function explanationText(
  explanation: Explanation,
  paint: Paint = plainPaint,
): readonly string[] {
  const { event, summary, emittedBy, heardBy, follows, undoing } = explanation;
  const lines = [
    `${paint.bold(printable(event))}${summary === undefined ? "" : `  ${printable(summary)}`}`,
    ...roles(explanation).map((role) => paint.dim(role)),
  ];
  lines.push("", paint.bold("Emitted by"));
  if (emittedBy.length === 0) lines.push("  nobody");
  for (const emitter of emittedBy) lines.push(`  ${emitted(emitter)}`);
  lines.push("", paint.bold("Heard by"));
  if (heardBy.length === 0) lines.push("  nobody");
  for (const reaction of heardBy) lines.push(`  ${printable(reaction.service)} ${deed(reaction)}`);
  const later = follows.filter(({ turn }) => turn > 1 && turn <= TURNS_SHOWN);
  if (later.length > 0) lines.push("", paint.bold("What follows"));
  for (const reaction of later) {
    lines.push(
      `  ${reaction.turn}. at ${shortType(reaction.hears)}, ${printable(reaction.service)} ${deed(reaction)}`,
    );
  }
  if (undoing !== undefined) {
    lines.push("", paint.bold("Undoing"));
    for (const { turn, service, effect, on } of undoing.undone) {
      lines.push(
        paint.undo(
          `  ${turn}. ${printable(service)} undoes ${shortType(effect)} when it hears ${shortType(on)}, if it was done`,
        ),
      );
    }
    const over = undoing.over.map(shortType).join(" or ");
    lines.push(
      over === ""
        ? "  No event says that undoing is over."
        : `  ${over} says that undoing is over: the saga has failed.`,
    );
  }
  return lines;
}

function roles({
  begins,
  succeeds,
  fails,
  failure,
  external,
  pivot,
}: Explanation): readonly string[] {
  return [
    begins ? ["A saga begins with it."] : [],
    succeeds ? ["The saga has then succeeded."] : [],
    fails ? ["The saga has then failed, with everything undone."] : [],
    failure && !fails ? ["A failure: the saga turns back, or takes another way."] : [],
    pivot ? ["The pivot: from here on the saga must not turn back."] : [],
    external ? ["Known outside too."] : [],
  ].flat();
}

function emitted({ service, how, hears }: EmittedBy): string {
  const heard = hears.map(shortType).join(" or ");
  switch (how) {
    case "outside":
      return "whoever is outside";
    case "begins":
      return `${printable(service ?? "")}, which begins a saga with it`;
    case "emits":
      return `${printable(service ?? "")}, when it hears ${heard} and succeeds`;
    case "fails":
      return `${printable(service ?? "")}, when it hears ${heard} and cannot do its part: nothing of its own is left to undo`;
    case "late":
      return `${printable(service ?? "")}, when it hears ${heard} and another one was first`;
    case "parked":
      return `${printable(service ?? "")}, when it gives up on ${heard}`;
    case "deadline":
      return `${printable(service ?? "")}, when it has waited too long after ${heard}`;
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
    return `starts to wait: after ${spanOf(withinMs)} it emits ${then}`;
  if (does === "calls a deadline off")
    return "need not wait any longer: its deadline is called off";
  const failing = fails.length === 0 ? "" : `, or ${outcomes(fails)} when it cannot`;
  const bounded = max === undefined ? "" : ` (at most ${max} times)`;
  const first = once === undefined ? "" : ` (once for "${printable(once)}")`;
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
  const emitting =
    then === "nothing" && failing === ""
      ? `${what === "" ? "takes note" : "says nothing"}`
      : `emits ${then}`;
  return `${what}${emitting}${failing}${first}${bounded}${otherwise}`;
}

function outcomes(list: readonly ManifestOutcome[]): string {
  const alternatives = list.map((outcome) =>
    outcome.length === 0 ? "nothing" : outcome.map(shortType).join(" and "),
  );
  return alternatives.length === 0 ? "nothing" : alternatives.join(" or ");
}
