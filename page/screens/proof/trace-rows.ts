import type { TraceStep } from "../../../src/console/wire.ts";
import { shortType, visible } from "../../text/visible.ts";
import type { SequenceRow } from "../../ui/sequence.tsx";
import type { Tone } from "../../ui/tones.ts";

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

/** The steps of a counterexample as rows of a sequence diagram; who emitted what is followed. */
export function traceRows(trace: readonly TraceStep[], outside: string) {
  const emitters = new Map<string, string>();
  const rows = trace.map((step, index): SequenceRow => {
    const { service, hears, emits, does } = step;
    const who = service ?? outside;
    const from = hears === undefined ? who : (emitters.get(hears) ?? outside);
    for (const type of emits) emitters.set(type, who);
    const note = noteOf(step);
    const heard = hears === undefined ? {} : { heard: shortType(hears) };
    const said = [visible(who), heard.heard, note].filter((part) => part !== undefined).join(", ");
    return { key: String(index), who, from, ...heard, note, tone: TONES[does] ?? "plain", said };
  });
  return { rows, lanes: [...new Set(rows.flatMap(({ from, who }) => [from, who]))] };
}

function noteOf({ does, effect, why, emits }: TraceStep): string {
  const about = effect === undefined || does === "begins" || does === "does" ? "" : ` ${effect}`;
  if (why !== undefined) return visible(`${does}: ${why.replace(/\.v1\b/g, "")}`);
  const emitted = emits.length === 0 ? "" : ` → ${emits.map(shortType).join(", ")}`;
  return `${visible(does)}${shortType(about)}${emitted}`;
}
