import type { ReactionEntry, ServiceEntry } from "../../manifest/manifest.ts";
import type { Effect } from "../model.ts";
import type { Parts } from "./parts.ts";
import type { Shared } from "./shared.ts";

/** What the declarations say of an effect. */
export type EffectFacts = Pick<Effect, "type" | "events" | "undone" | "needsUndo">;

/**
 * Lists the effects that only the other version declares, and that an undo of this one may be meant
 * to reverse: as the runtime does (`runtime/effect-unknown.ts`).
 */
export function strangersTo(
  service: ServiceEntry,
  { undoes }: ReactionEntry,
  shared: Shared,
): readonly string[] {
  const [own, other] = [shared.parts(service), shared.otherParts(service)];
  if (undoes === undefined || own === undefined || other === undefined) return [];
  // Where the other version has the effect of this undo as well, its effects are beside it.
  if (other.effects.has(own.effect(undoes))) return [];
  return [...other.effects].filter((mark) => !own.effects.has(mark) && !isRetired(service, mark));
}

function isRetired({ retired }: ServiceEntry, mark: string): boolean {
  const [name] = mark.split(" ");
  return retired.has(`effect ${name}`) || retired.has(`key ${name}`);
}

/** Says of an effect what both versions say. */
export function unitedWith(
  effect: EffectFacts,
  others: ReadonlyMap<string, EffectFacts>,
  mark: string,
  parts: Parts | undefined,
): EffectFacts {
  const same = [...others].filter(([name]) => parts?.effect(name) === mark);
  return same.reduce<EffectFacts>(
    (one, [, other]) => ({
      ...one,
      events: new Set([...one.events, ...other.events]),
      undone: one.undone || other.undone,
      needsUndo: one.needsUndo || other.needsUndo,
    }),
    effect,
  );
}
