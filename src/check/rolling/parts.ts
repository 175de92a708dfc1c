import { EffectNames, storedAmong } from "../../choreography/effects.ts";
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
  /** The mark of an effect, by the name that the version gives the effect. */
  effect(name: string): string;
  /** The marks of every effect that the version has. */
  readonly effects: ReadonlySet<string>;
  once(name: string): string;
}

export function partsOf(service: ServiceEntry): Parts {
  const reactions = numbered(service.reactions.map(storedReaction));
  const deadlines = numbered(service.deadlines.map(storedDeadline));
  const byReaction = new Map(service.reactions.map((entry, place) => [reactions[place], entry]));
  const byDeadline = new Map(service.deadlines.map((entry, place) => [deadlines[place], entry]));
  const named = service.reactions.flatMap(({ effect, effectWas }): readonly Named[] =>
    effect === undefined ? [] : [{ name: effect, was: effectWas }],
  );
  const onces = service.reactions.flatMap(({ once, onceWas }): readonly Named[] =>
    once === undefined ? [] : [{ name: once, was: onceWas }],
  );
  const known = effectsOf(service);
  const effect = (name: string) => {
    const stored = storedAmong(named, name);
    // An effect with a key has marks of other names.
    return known.get(stored)?.keyed ? `${stored} key` : stored;
  };
  return {
    reactions,
    deadlines,
    reactionOf: (part) => byReaction.get(part),
    deadlineOf: (part) => byDeadline.get(part),
    effect,
    effects: new Set([...new EffectNames(service).all()].map(effect)),
    once: (name) => storedAmong(onces, name),
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
