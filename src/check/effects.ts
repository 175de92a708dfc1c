import type {
  Manifest,
  ManifestOutcome,
  ReactionEntry,
  ServiceEntry,
} from "../manifest/manifest.ts";

/*
 * Which outcomes leave an effect behind, and how it is called: SEMANTICS of the manifest.
 * An end needs no undo and is no effect, unless some declaration speaks of it as one.
 */

export interface EffectRules {
  readonly ends: ReadonlySet<string>;
  /** Events that an undo order or a group names as effects. */
  readonly named: ReadonlySet<string>;
}

export function effectRules({ succeeds, fails, undoOrder, oneOf }: Manifest): EffectRules {
  return {
    ends: new Set([...succeeds, ...fails]),
    named: new Set([...undoOrder.flat(), ...oneOf.flat()]),
  };
}

/** The effect that an outcome of a step or a join leaves behind; undefined where it leaves none. */
export function effectOf(
  rules: EffectRules,
  service: ServiceEntry,
  reaction: ReactionEntry,
  outcome: ManifestOutcome,
): string | undefined {
  if (reaction.kind === "undo" || reaction.readonly) return undefined;
  const undone = outcome.find((type) => service.reactions.some(({ undoes }) => undoes === type));
  if (undone !== undefined) return undone;
  const isEnd = outcome.some((type) => rules.ends.has(type));
  return isEnd ? outcome.find((type) => rules.named.has(type)) : outcome[0];
}

/** Every effect of a service: with what it begins, and what its steps do. */
export function effectsOfService(rules: EffectRules, service: ServiceEntry): ReadonlySet<string> {
  const effects = new Set(service.begins);
  for (const reaction of service.reactions) {
    for (const outcome of reaction.emits) {
      const effect = effectOf(rules, service, reaction, outcome);
      if (effect !== undefined) effects.add(effect);
    }
  }
  return effects;
}
