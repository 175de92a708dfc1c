import type { ReactionDeclaration, ServiceDeclaration } from "./declaration.ts";

/*
 * Which outcomes leave an effect, and what the effect is called. Code, manifest, runtime and
 * checker all ask here. The name follows from the service alone: a running service does not know
 * the ends, the undo orders or the groups of the choreography that it is part of.
 */

/** A service by its event types, declared in code or read from a manifest. */
export interface EffectService {
  readonly begins: readonly string[];
  readonly reactions: readonly EffectReaction[];
}

export interface EffectReaction {
  readonly kind: "step" | "undo" | "join";
  readonly readonly: boolean;
  /** Of an undo: the effect that it reverses. */
  readonly undoes: string | undefined;
  /** Success outcomes. */
  readonly emits: readonly (readonly string[])[];
}

/** Names the effects of one service. */
export class EffectNames {
  /** Effects that some undo of the service reverses. */
  readonly undone: ReadonlySet<string>;
  readonly #service: EffectService;

  constructor(service: EffectService) {
    this.#service = service;
    this.undone = new Set(service.reactions.flatMap(({ undoes }) => undoes ?? []));
  }

  /**
   * The effect of each success outcome of a reaction, in the order of its outcomes: the event that
   * some undo names, else the first. Silent outcomes, undos and read-only reactions have none.
   */
  of({ kind, readonly, emits }: EffectReaction): readonly (string | undefined)[] {
    if (kind === "undo" || readonly) return emits.map(() => undefined);
    return emits.map((types) => types.find((type) => this.undone.has(type)) ?? types[0]);
  }

  /** Every effect of the service, with the beginnings of its sagas. */
  all(): ReadonlySet<string> {
    const { begins, reactions } = this.#service;
    const effects = reactions.flatMap((reaction) => this.of(reaction));
    return new Set([...begins, ...effects.filter((effect) => effect !== undefined)]);
  }
}

type Declared = Pick<ServiceDeclaration<never>, "begins" | "reactions">;

/** The effect of each success outcome of a declared reaction, in the order of its outcomes. */
export function effectsOfReaction(
  service: Declared,
  reaction: ReactionDeclaration<never>,
): readonly (string | undefined)[] {
  const begins = service.begins.map(({ type }) => type);
  const names = new EffectNames({ begins, reactions: service.reactions.map(typesOf) });
  return names.of(typesOf(reaction));
}

function typesOf(reaction: ReactionDeclaration<never>): EffectReaction {
  const undo = reaction.kind === "undo";
  return {
    kind: reaction.kind,
    readonly: !undo && reaction.readonly,
    undoes: undo ? reaction.effect : undefined,
    emits: reaction.emits.map((outcome) => outcome.map(({ type }) => type)),
  };
}

/**
 * Every event that may name an effect of the service, for any event of an outcome that a later undo
 * may pick.
 */
export function effectCandidates(service: Declared): ReadonlySet<string> {
  const names = new Set(service.begins.map((contract) => contract.type));
  for (const reaction of service.reactions) {
    if (reaction.kind === "undo" || reaction.readonly) continue;
    for (const contract of reaction.emits.flat()) names.add(contract.type);
  }
  return names;
}
