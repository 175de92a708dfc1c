import type { Step } from "../../../src/console/wire.ts";
import { shortType, visible } from "../../text/visible.ts";
import type { Tone } from "../../ui/tones.ts";
import { wordOf, words } from "../../words/words.ts";

const TONES: Readonly<Record<string, Tone>> = {
  begun: "good",
  done: "good",
  refused: "bad",
  undone: "undo",
  barred: "undo",
  expired: "bad",
  retrying: "wait",
  parked: "bad",
  discarded: "bad",
};

export function stepTone({ disposition }: Step): Tone {
  return TONES[disposition] ?? "plain";
}

/** What the service did: `did payment.authorized`. */
export function didText({ disposition, effect }: Step): string {
  const word = wordOf(words.value.saga.dispositions, disposition);
  return effect === undefined ? visible(word) : `${visible(word)} ${shortType(effect)}`;
}

/** The same with the events that came of it, but for one that is named already. */
export function noteText(step: Step): string {
  const emitted = step.emitted.map(({ type }) => type).filter((type) => type !== step.effect);
  const arrow = emitted.length === 0 ? "" : ` → ${emitted.map(shortType).join(", ")}`;
  return `${didText(step)}${arrow}`;
}

/** What is odd about a step. Undefined: nothing is. */
export function oddText({ clockContradicts, undeclared, duplicates, attempt, reason }: Step) {
  const { saga: w } = words.value;
  const parts = [
    ...(reason === undefined ? [] : [visible(reason)]),
    ...(clockContradicts ? [w.clock] : []),
    ...(undeclared ? [w.undeclared] : []),
    ...(duplicates > 0 ? [w.duplicates(duplicates)] : []),
    ...(attempt !== undefined && attempt > 1 ? [w.attempt(attempt)] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(" · ");
}

/** When the saga began: the first step in the order of cause, also where clocks contradict. */
export function firstOf([first]: readonly Step[], born: number): number {
  return first?.at ?? born;
}

/** Milliseconds since the beginning of the saga, as the time of a step. */
export function sinceText(at: number, began: number): string {
  const ms = at - began;
  const [sign, span] = [ms < 0 ? "−" : "+", Math.abs(ms)];
  if (span < 100_000) return `${sign}${span.toLocaleString("en")} ms`;
  const seconds = Math.round(span / 1_000);
  return `${sign}${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
