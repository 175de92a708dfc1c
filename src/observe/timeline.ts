import type { Disposition } from "../ports/journal.ts";
import { type Paint, plainPaint } from "../text/paint.ts";
import { printable } from "../text/printable.ts";
import { shortType as short } from "../text/short.ts";
import { sinceBeginning } from "../text/span.ts";
import type { TraceStep } from "./trace.ts";

type Tone = "plain" | "bad" | "undo" | "dim";

/** Words and tone for each disposition of a journal record. */
const WORDS: Readonly<Record<Disposition, readonly [words: string, tone: Tone]>> = {
  begun: ["began", "plain"],
  done: ["done", "plain"],
  refused: ["refused", "bad"],
  undone: ["undid", "undo"],
  barred: ["nothing to undo", "undo"],
  suppressed: ["ignored, too late", "dim"],
  late: ["too late", "dim"],
  gathered: ["waits for other events", "dim"],
  armed: ["armed a deadline", "dim"],
  disarmed: ["called a deadline off", "dim"],
  expired: ["waited too long", "bad"],
  retrying: ["failed, will be retried", "bad"],
  waiting: ["waits behind another delivery", "bad"],
  parked: ["gave up", "bad"],
  discarded: ["discarded by hand", "bad"],
};

/** What `timeline` shows beside the steps. */
export interface TimelineOptions {
  /**
   * Whether each line ends with the ids of the event heard, its cause, and the events emitted.
   * @default false
   */
  readonly ids?: boolean;
}

/**
 * Formats the steps of a saga as a table, one line per step: time since its first step, service,
 * event heard, action, events emitted. A time that contradicts the order of causes is marked with
 * `?`. Control characters are replaced.
 *
 * @example
 * ```ts
 * import { timeline, traceOf } from "odori/observe";
 * import { sqlite } from "odori/sqlite";
 *
 * const journals = ["order", "payment"].map(async (service) => {
 *   const store = sqlite(`${service}.db`);
 *   const records = await store.inspect.journal("o-1");
 *   await store.close();
 *   return { service, records };
 * });
 * for (const line of timeline(traceOf(await Promise.all(journals)))) console.log(line);
 * ```
 */
export function timeline(
  steps: readonly TraceStep[],
  paint: Paint = plainPaint,
  { ids = false }: TimelineOptions = {},
): readonly string[] {
  const rows = steps.map((step) => {
    const [words, tone] = WORDS[step.disposition];
    const did = whatWasDone(step, words);
    const ignored =
      step.duplicates === 0
        ? ""
        : `  (${step.duplicates} duplicate${step.duplicates === 1 ? "" : "s"} ignored)`;
    return {
      time: `${step.clockContradicts ? "? " : ""}${sinceBeginning(step.elapsedMs)}`,
      service: printable(step.service),
      heard: short(step.heard ?? ""),
      did,
      emitted: step.emitted.map(short).join(", "),
      more: `${reasonOf(step)}${ignored}${ids ? idsOf(step) : ""}`,
      tone,
    };
  });
  const width = (pick: (row: (typeof rows)[number]) => string) =>
    Math.max(0, ...rows.map((row) => pick(row).length));
  const widths = {
    time: width((row) => row.time),
    service: width((row) => row.service),
    heard: width((row) => row.heard),
    did: width((row) => row.did),
  };
  return rows.map((row) => {
    const mark = { plain: " ", bad: "x", undo: "<", dim: " " }[row.tone];
    const did = `${mark} ${row.did.padEnd(widths.did)}`;
    const emitted = row.emitted === "" ? "" : `-> ${row.emitted}`;
    const [service, heard] = [row.service.padEnd(widths.service), row.heard.padEnd(widths.heard)];
    const text = `${[service, heard, did, emitted].join("  ").trimEnd()}${row.more}`;
    return `${paint.dim(row.time.padStart(widths.time))}  ${tint(paint, row.tone)(text)}`;
  });
}

function reasonOf({ reason }: TraceStep): string {
  return reason === undefined ? "" : `: ${printable(reason)}`;
}

function idsOf({ eventId, causationId, emittedIds }: TraceStep): string {
  const cause = causationId === undefined ? "" : ` cause=${causationId}`;
  const emitted = emittedIds.length === 0 ? "" : ` emitted=${emittedIds.join(",")}`;
  return `  ${printable(`id=${eventId}${cause}${emitted}`)}`;
}

/** Describes an action by the fact of its event, if any: `authorized` for `payment.authorized`. */
function whatWasDone({ disposition, effect, emitted }: TraceStep, words: string): string {
  if (disposition === "undone" && effect !== undefined) return `${words} ${factOf(effect)}`;
  if (disposition === "done" || disposition === "refused") {
    const event = effect ?? emitted[0];
    return event === undefined ? words : factOf(event);
  }
  return words;
}

function factOf(type: string): string {
  return printable(type.split(".")[1] ?? type).replaceAll("_", " ");
}

function tint(paint: Paint, tone: Tone): (text: string) => string {
  if (tone === "bad") return paint.bad;
  if (tone === "undo") return paint.undo;
  return tone === "dim" ? paint.dim : (text) => text;
}
