import type { CounterexampleStep, TraceAction } from "../check/finding.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { mermaidText } from "./mermaid-text.ts";

/**
 * Says what a service does in one step of a sequence diagram: an action of a counterexample, or
 * what only a running service does.
 */
export type SequenceAction =
  | TraceAction
  | "ignores"
  | "fails, and will try again"
  | "waits behind another delivery"
  | "is told to discard it";

/** Describes one step of a sequence diagram, such as a step of a counterexample. */
export interface SequenceStep extends Omit<CounterexampleStep, "does"> {
  readonly does: SequenceAction;
  /**
   * How often it did so, one time after the other.
   * @default 1
   */
  readonly times?: number;
}

/** A line between two steps of a sequence diagram, about no service alone. */
export interface SequenceNote {
  readonly note: string;
}

/** Holds one step of a sequence diagram: the actor, the event it heard, and its emitter. */
interface Row {
  readonly who: string;
  readonly heard: string | undefined;
  readonly from: string;
  readonly note: string;
  readonly tone: "plain" | "bad" | "undo" | "dim";
  /** The lines before the step. */
  readonly before: readonly string[];
}

const OUTSIDE = "outside";
/** A long counterexample shows its first and last steps, and counts those between. */
const FIRST_SHOWN = 3;
const LAST_SHOWN = 37;
/** With more columns than this, the text form is a list with a line for each step. */
const COLUMNS_MAX = 10;

/** Returns the rows to show, and the number of rows left out after the first ones. */
function shorten(rows: readonly Row[]): {
  readonly shown: readonly Row[];
  readonly omitted: number;
} {
  const omitted = Math.max(0, rows.length - FIRST_SHOWN - LAST_SHOWN);
  return {
    shown: omitted === 0 ? rows : [...rows.slice(0, FIRST_SHOWN), ...rows.slice(-LAST_SHOWN)],
    omitted,
  };
}

/** Returns the rows, and the lines behind the last one. */
function rowsOf(trace: readonly (SequenceStep | SequenceNote)[]): {
  readonly rows: readonly Row[];
  readonly last: readonly string[];
} {
  const emitters = new Map<string, string>();
  let before: string[] = [];
  const rows = trace.flatMap((item) => {
    if ("note" in item) {
      before.push(`⋮ ${printable(item.note)}`);
      return [];
    }
    const row = { ...rowOf(item, emitters), before };
    before = [];
    return [row];
  });
  return { rows, last: before };
}

function rowOf(
  { service, hears, emits, does, effect, why, again, times = 1 }: SequenceStep,
  emitters: Map<string, string>,
): Omit<Row, "before"> {
  const who = service ?? OUTSIDE;
  const from = hears === null ? who : (emitters.get(hears) ?? OUTSIDE);
  for (const type of emits) emitters.set(type, who);
  const about =
    effect === undefined || does === "begins" || does === "does" ? "" : ` ${shortType(effect)}`;
  const emitted = emits.length === 0 ? "" : ` → ${emits.map(shortType).join(", ")}`;
  const often = times === 1 ? "" : ` × ${times}`;
  // The reason names the effect.
  const done =
    why === undefined ? `${does}${often}${about}${emitted}` : `${does}${often}: ${shortTypes(why)}`;
  const note = again === true ? `hears it again, ${done}` : done;
  return { who, heard: hears ?? undefined, from, note, tone: toneOf(does) };
}

function shortTypes(text: string): string {
  return text.replace(/\S+\.v1\b/g, shortType);
}

const BAD: readonly SequenceAction[] = [
  "refuses",
  "gives up",
  "has forgotten the saga",
  "has waited too long",
  "fails, and will try again",
];

function toneOf(does: SequenceAction): Row["tone"] {
  if (BAD.includes(does)) return "bad";
  if (does === "undoes" || does === "has nothing to undo") return "undo";
  return does === "begins" || does === "does" || does === "arrives" ? "plain" : "dim";
}

const COLUMN_LEAST = 18;

/**
 * Draws a counterexample, or the steps of a saga, as a sequence diagram in text, one line per array
 * item. Each service has a column; time runs downwards.
 *
 * @example
 * ```ts
 * import { check, manifestOf } from "odori/check";
 * import { sequenceText } from "odori/draw";
 * import order from "./choreography.ts";
 *
 * for (const { trace = [] } of check(manifestOf(order)).findings)
 *   console.log(sequenceText(trace).join("\n"));
 * ```
 */
export function sequenceText(
  trace: readonly (SequenceStep | SequenceNote)[],
  paint: Paint = plainPaint,
): readonly string[] {
  const { rows: all, last } = rowsOf(trace);
  const { shown: rows, omitted } = shorten(all);
  const names = [...new Set(rows.flatMap(({ from, who }) => [from, who]))];
  if (names.length > COLUMNS_MAX)
    return [...listText(rows, omitted, paint), ...last.map(paint.dim)];
  const width = Math.max(COLUMN_LEAST, ...names.map((name) => printable(name).length + 3));
  const column = (name: string) => names.indexOf(name) * width;
  const lifelines = (): string[] =>
    Array.from({ length: (names.length - 1) * width + 1 }, (_, at) =>
      at % width === 0 ? "│" : " ",
    );
  const lines = [
    paint.bold(
      names
        .map((name) => printable(name).padEnd(width))
        .join("")
        .trimEnd(),
    ),
  ];
  const write = (at: number, text: string, tone: Row["tone"] = "plain") => {
    const line = lifelines();
    line.splice(at, text.length, ...text);
    lines.push(tint(paint, tone, line.join("").trimEnd()));
  };
  for (const [index, { who, heard, from, note, tone, before }] of rows.entries()) {
    if (omitted > 0 && index === FIRST_SHOWN) lines.push(paint.dim(`⋮ ${omitted} steps`));
    lines.push(...before.map(paint.dim));
    const [a, b] = [column(from), column(who)];
    if (heard !== undefined) {
      const [left, right] = [Math.min(a, b), Math.max(a, b)];
      write(left + 2, shortType(heard));
      const shaft = "─".repeat(Math.max(0, right - left - 2));
      if (a < b) write(left, `├${shaft}▶`);
      else if (a > b) write(left + 1, `◀${shaft}┤`);
    }
    write(b, `● ${note}`, tone);
  }
  lines.push(...last.map(paint.dim));
  return lines;
}

function listText(rows: readonly Row[], omitted: number, paint: Paint): readonly string[] {
  return rows.flatMap(({ who, heard, note, tone, before }, index) => {
    const line = tint(
      paint,
      tone,
      `${printable(who)}${heard === undefined ? "" : `  ${shortType(heard)}`}  ${note}`,
    );
    const lines = [...before.map(paint.dim), line];
    if (omitted === 0 || index !== FIRST_SHOWN) return lines;
    return [paint.dim(`⋮ ${omitted} steps`), ...lines];
  });
}

function tint(paint: Paint, tone: Row["tone"], line: string): string {
  return tone === "plain"
    ? line
    : tone === "bad"
      ? paint.bad(line)
      : tone === "undo"
        ? paint.undo(line)
        : paint.dim(line);
}

/**
 * Draws a counterexample as a Mermaid sequence diagram.
 *
 * @example
 * ```ts
 * import { check, manifestOf } from "odori/check";
 * import { sequenceMermaid } from "odori/draw";
 * import order from "./choreography.ts";
 *
 * for (const { trace = [] } of check(manifestOf(order)).findings)
 *   console.log(sequenceMermaid(trace));
 * ```
 */
export function sequenceMermaid(trace: readonly CounterexampleStep[]): string {
  const { shown: rows, omitted } = shorten(rowsOf(trace).rows);
  const names = [...new Set(rows.flatMap(({ from, who }) => [from, who]))];
  const id = (name: string) => `p${names.indexOf(name)}`;
  const lines = [
    "sequenceDiagram",
    ...names.map((name) => `  participant ${id(name)} as ${mermaidText(name)}`),
  ];
  for (const [index, { who, heard, from, note }] of rows.entries()) {
    if (omitted > 0 && index === FIRST_SHOWN)
      lines.push(`  Note over ${id(who)}: … ${omitted} steps …`);
    if (heard !== undefined)
      lines.push(`  ${id(from)}->>${id(who)}: ${mermaidText(shortType(heard))}`);
    lines.push(`  Note over ${id(who)}: ${mermaidText(note)}`);
  }
  return `${lines.join("\n")}\n`;
}
