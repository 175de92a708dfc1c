import type { Verdict } from "../../src/console/wire.ts";
import { words } from "../words/words.ts";
import { toneOf } from "./tones.ts";

/** A verdict as a word in its colour. The word says it too: colour alone is not enough. */
export function VerdictMark({ of }: { readonly of: Verdict }) {
  const { verdicts, meanings } = words.value;
  return (
    <span class={`verdict ${toneOf(of)}`} title={meanings[of] ?? ""}>
      {verdicts[of] ?? of}
    </span>
  );
}
