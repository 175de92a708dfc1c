import type { Rest } from "../../../src/console/wire.ts";
import { words } from "../../words/words.ts";

/** How a saga comes to rest, in words. */
export function restText(rest: Rest, wrongly: boolean): string {
  const { saga: w } = words.value;
  return wrongly ? w.wrongly(w.rests[rest]) : w.rests[rest];
}
