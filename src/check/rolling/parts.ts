import { storedAmong } from "../../choreography/effects.ts";
import type { Named } from "../../contract/names.ts";
import { effectsOf, storedDeadline, storedReaction } from "../../manifest/hazards.ts";
import type { DeadlineEntry, ReactionEntry, ServiceEntry } from "../../manifest/manifest.ts";

/** Names the parts of a version as the database does: parts of one name are one part. */
export interface Parts {
  /** In the order of the reactions. */
  readonly reactions: readonly string[];
  /** In the order of the deadlines. */
  readonly deadlines: readonly string[];
  reactionOf(part: string): ReactionEntry | undefined;
  deadlineOf(part: string): DeadlineEntry | undefined;
  /** Whether each effect that the version has is kept by key, by stored name. */
  readonly effects: ReadonlyMap<string, boolean>;
  /** How an effect is kept, by the name that the version gives it. */
  effect(name: string): { readonly name: string; readonly keyed: boolean };
}

export function storedParts(service: ServiceEntry): Parts {
  const reactions = numbered(service.reactions.map(storedReaction));
  const deadlines = numbered(service.deadlines.map(storedDeadline));
  const byReaction = new Map(service.reactions.map((entry, place) => [reactions[place], entry]));
  const byDeadline = new Map(service.deadlines.map((entry, place) => [deadlines[place], entry]));
  const named = service.reactions.flatMap(({ effect, effectWas }): readonly Named[] =>
    effect === undefined ? [] : [{ name: effect, was: effectWas }],
  );
  const effects = new Map([...effectsOf(service)].map(([name, { keyed }]) => [name, keyed]));
  return {
    reactions,
    deadlines,
    reactionOf: (part) => byReaction.get(part),
    deadlineOf: (part) => byDeadline.get(part),
    effects,
    effect: (name) => {
      const stored = storedAmong(named, name);
      return { name: stored, keyed: effects.get(stored) === true };
    },
  };
}

/** A manifest may give two parts one name: these are told apart by their order. */
function numbered(names: readonly string[]): readonly string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name} #${count + 1}`;
  });
}
