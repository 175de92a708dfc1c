import type { TraceStep } from "../../../src/console/wire.ts";
import { shortType, visible } from "../../text/visible.ts";
import type { SequenceRow } from "../../ui/sequence.tsx";
import type { Tone } from "../../ui/tones.ts";
import { wordOf } from "../../words/words.ts";

const TONES: Readonly<Record<string, Tone>> = {
  begins: "good",
  does: "good",
  refuses: "bad",
  undoes: "undo",
  "has nothing to undo": "undo",
  "gives up": "bad",
  "has forgotten the saga": "bad",
  "has waited too long": "bad",
};

/** What is said of a step, in the language of the person. */
export interface TraceWords {
  readonly outside: string;
  readonly actions: Readonly<Record<string, string>>;
  readonly reason: (why: string) => string;
}

/** The steps of a counterexample as rows of a sequence diagram; who emitted what is followed. */
export function traceRows(trace: readonly TraceStep[], said: TraceWords) {
  const { outside } = said;
  const emitters = new Map<string, string>();
  const rows = trace.map((step, index): SequenceRow => {
    const { service, hears, emits, does } = step;
    const who = service ?? outside;
    const from = hears === undefined ? who : (emitters.get(hears) ?? outside);
    for (const type of emits) emitters.set(type, who);
    const note = noteOf(step, said);
    const heard = hears === undefined ? {} : { heard: shortType(hears) };
    const all = [visible(who), heard.heard, note].filter((part) => part !== undefined).join(", ");
    return {
      key: String(index),
      who,
      from,
      ...heard,
      note,
      tone: TONES[does] ?? "plain",
      said: all,
    };
  });
  return { rows, lanes: [...new Set(rows.flatMap(({ from, who }) => [from, who]))] };
}

function noteOf({ does, effect, why, emits }: TraceStep, { actions, reason }: TraceWords): string {
  const action = wordOf(actions, does);
  const about = effect === undefined || does === "begins" || does === "does" ? "" : ` ${effect}`;
  if (why !== undefined) return visible(`${action}: ${reason(why.replace(/\.v1\b/g, ""))}`);
  const emitted = emits.length === 0 ? "" : ` → ${emits.map(shortType).join(", ")}`;
  return `${visible(action)}${shortType(about)}${emitted}`;
}
