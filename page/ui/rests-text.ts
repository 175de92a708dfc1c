import type { RestsAt } from "../../src/console/wire.ts";
import { spanText } from "../text/time.ts";
import { shortType, visible } from "../text/visible.ts";
import { wordOf, words } from "../words/words.ts";

/** What a sentence about the place where a saga rests is made of. */
export function restsParts({ service, type, disposition, since }: RestsAt, now: number) {
  const did = wordOf(words.value.saga.dispositions, disposition);
  return [visible(service), shortType(type), visible(did), spanText(now - since)] as const;
}
