import type { OutcomeList, ReactionDeclaration, ServiceDeclaration } from "./declaration.ts";

type Declared = Pick<ServiceDeclaration<never>, "begins" | "reactions">;

/** Effects that some undo of the service names. */
function undoneEffects(service: Declared): ReadonlySet<string> {
  const names = new Set<string>();
  for (const reaction of service.reactions)
    if (reaction.kind === "undo") names.add(reaction.effect);
  return names;
}

/**
 * Names the effect of a success outcome: by the event that some undo names, else by its first
 * event. A silent outcome has none.
 */
function effectOf(outcome: OutcomeList, undone: ReadonlySet<string>): string | undefined {
  return (outcome.find((contract) => undone.has(contract.type)) ?? outcome[0])?.type;
}

/**
 * The effect of each success outcome of a reaction, in the order of its outcomes; undos and
 * read-only reactions have none.
 */
export function effectsOfReaction(
  service: Declared,
  reaction: ReactionDeclaration<never>,
): readonly (string | undefined)[] {
  if (reaction.kind === "undo" || reaction.readonly) return reaction.emits.map(() => undefined);
  const undone = undoneEffects(service);
  return reaction.emits.map((outcome) => effectOf(outcome, undone));
}

/**
 * Every event that may name an effect of the service, whichever of an outcome's events a later undo
 * picks.
 */
export function effectCandidates(service: Declared): ReadonlySet<string> {
  const names = new Set(service.begins.map((contract) => contract.type));
  for (const reaction of service.reactions) {
    if (reaction.kind === "undo" || reaction.readonly) continue;
    for (const contract of reaction.emits.flat()) names.add(contract.type);
  }
  return names;
}
