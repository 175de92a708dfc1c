import type { ReactionEntry, ServiceEntry } from "../../manifest/manifest.ts";
import type { EffectMarks } from "../effect-marks.ts";
import type { ModelReaction } from "../model.ts";
import type { SharedParts } from "./shared-parts.ts";

/**
 * Lists the effects that only the other version declares, and that an undo of this one may be meant
 * to reverse: as the runtime does (`runtime/effect-unknown.ts`).
 */
export function strangersTo(
  service: ServiceEntry,
  { undoes }: ReactionEntry,
  shared: SharedParts,
  marks: EffectMarks,
): ModelReaction["strange"] {
  const [own, other] = [shared.parts(service), shared.otherParts(service)];
  if (undoes === undefined || own === undefined || other === undefined) return [];
  const undone = own.effect(undoes);
  // Where the other version has the effect of this undo as well, its effects are beside it.
  if (other.effects.get(undone.name) === undone.keyed) return [];
  return [...other.effects].flatMap(([name, keyed]) => {
    if (own.effects.get(name) === keyed || isRetired(service, name)) return [];
    return marks.under(name, keyed).map(({ at }) => ({ name, at }));
  });
}

function isRetired({ retired }: ServiceEntry, effect: string): boolean {
  return retired.has(`effect ${effect}`) || retired.has(`key ${effect}`);
}
