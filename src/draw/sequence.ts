import type { CounterexampleStep } from "../check/finding.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType } from "../text/short.ts";
import { mermaidText } from "./mermaid-text.ts";

/** Holds one step of a sequence diagram: the actor, the event it heard, and its emitter. */
interface Row {
  readonly who: string;
  readonly heard: string | undefined;
  readonly from: string;
  readonly note: string;
  readonly tone: "plain" | "bad" | "undo" | "dim";
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

function rowsOf(trace: readonly CounterexampleStep[]): readonly Row[] {
  const emitters = new Map<string, string>();
  return trace.map(({ service, hears, emits, does, effect }) => {
    const who = service ?? OUTSIDE;
    const from = hears === null ? who : (emitters.get(hears) ?? OUTSIDE);
    for (const type of emits) emitters.set(type, who);
    const about =
      effect === undefined || does === "begins" || does === "does" ? "" : ` ${shortType(effect)}`;
    const emitted = emits.length === 0 ? "" : ` → ${emits.map(shortType).join(", ")}`;
    return {
      who,
      heard: hears ?? undefined,
      from,
      note: `${does}${about}${emitted}`,
      tone: toneOf(does),
    };
  });
}

function toneOf(does: CounterexampleStep["does"]): Row["tone"] {
  if (
    does === "refuses" ||
    does === "gives up" ||
    does === "has forgotten the saga" ||
    does === "has waited too long"
  )
    return "bad";
  if (does === "undoes" || does === "has nothing to undo") return "undo";
  return does === "begins" || does === "does" || does === "arrives" ? "plain" : "dim";
}

const COLUMN_LEAST = 18;

/**
 * Draws a counterexample as a sequence diagram in text, one line per array item. Each service has a
 * column; time runs downwards.
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
  trace: readonly CounterexampleStep[],
  paint: Paint = plainPaint,
): readonly string[] {
  const { shown: rows, omitted } = shorten(rowsOf(trace));
  const names = [...new Set(rows.flatMap(({ from, who }) => [from, who]))];
  if (names.length > COLUMNS_MAX) return listText(rows, omitted, paint);
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
  for (const [index, { who, heard, from, note, tone }] of rows.entries()) {
    if (omitted > 0 && index === FIRST_SHOWN) lines.push(paint.dim(`⋮ ${omitted} steps`));
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
  return lines;
}

function listText(rows: readonly Row[], omitted: number, paint: Paint): readonly string[] {
  return rows.flatMap(({ who, heard, note, tone }, index) => {
    const line = tint(
      paint,
      tone,
      `${printable(who)}${heard === undefined ? "" : `  ${shortType(heard)}`}  ${note}`,
    );
    if (omitted === 0 || index !== FIRST_SHOWN) return [line];
    return [paint.dim(`⋮ ${omitted} steps`), line];
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
  const { shown: rows, omitted } = shorten(rowsOf(trace));
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
