import type { Verdict } from "../../src/console/wire.ts";
import { words } from "../words/words.ts";

export type Tone = "bad" | "wait" | "good" | "undo" | "plain";

const TONES: Readonly<Record<Verdict, Tone>> = {
  illegal: "bad",
  doomed: "bad",
  parked: "bad",
  "at risk": "bad",
  lost: "bad",
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
  "lost",
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

/** Those for which a person has to do something. */
export const WRONG: readonly Verdict[] = VERDICTS.filter((one) => TONES[one] === "bad");

export function toneOf(verdict: Verdict): Tone {
  return TONES[verdict] ?? "plain";
}

/** A verdict as a word in its colour. The word says it too: colour alone is not enough. */
export function VerdictMark({ of }: { readonly of: Verdict }) {
  const { verdicts, meanings } = words.value;
  return (
    <span class={`verdict ${toneOf(of)}`} title={meanings[of] ?? ""}>
      {verdicts[of] ?? of}
    </span>
  );
}
