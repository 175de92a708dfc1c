import type { Verdict } from "../../src/console/wire.ts";

/** How a verdict, a box or a step is coloured. */
export type Tone = "bad" | "wait" | "good" | "undo" | "plain";

const TONES: Readonly<Record<Verdict, Tone>> = {
  illegal: "bad",
  doomed: "bad",
  parked: "bad",
  "at risk": "bad",
  unheard: "bad",
  stuck: "bad",
  late: "wait",
  retrying: "wait",
  succeeded: "good",
  undone: "undo",
  running: "plain",
  waiting: "plain",
  rest: "plain",
};

/** Every verdict, the ones that need a person first. */
export const VERDICTS: readonly Verdict[] = [
  "illegal",
  "doomed",
  "parked",
  "unheard",
  "stuck",
  "at risk",
  "late",
  "retrying",
  "running",
  "waiting",
  "rest",
  "undone",
  "succeeded",
];

export function toneOf(verdict: Verdict): Tone {
  return TONES[verdict] ?? "plain";
}
