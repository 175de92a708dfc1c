import { stemOf } from "../contract/grammar.ts";
import { type Named, storedName } from "../contract/names.ts";
import type { ReactionDeclaration, ServiceDeclaration } from "./declaration.ts";

/*
 * Which outcomes leave an effect, and what the effect is called: by a declared name, or by the stem
 * of an event, so that all versions of a fact are one effect. Code, manifest, runtime and checker
 * all ask here. The name follows from the service alone: a running service does not know the ends,
 * the undo orders or the groups of the choreography that it is part of.
 */

/** A service by its event types, declared in code or read from a manifest. */
export interface EffectService {
  readonly begins: readonly string[];
  readonly reactions: readonly EffectReaction[];
}

export interface EffectReaction {
  readonly kind: "step" | "undo" | "join";
  readonly readonly: boolean;
  /** The declared name of the effect; undefined for the stem of an event. */
  readonly effect: string | undefined;
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
   * The effect of each success outcome of a reaction, in the order of its outcomes: the declared
   * one, else the event that some undo names, else the first. Silent outcomes, undos and read-only
   * reactions have none.
   */
  of({ kind, readonly, effect, emits }: EffectReaction): readonly (string | undefined)[] {
    if (kind === "undo" || readonly) return emits.map(() => undefined);
    return emits.map((types) => {
      if (effect !== undefined && types.length > 0) return effect;
      const stems = types.map(stemOf);
      return stems.find((stem) => this.undone.has(stem)) ?? stems[0];
    });
  }

  /** Every effect of the service, with the beginnings of its sagas. */
  all(): ReadonlySet<string> {
    const { begins, reactions } = this.#service;
    const effects = reactions.flatMap((reaction) => this.of(reaction));
    const done = effects.filter((effect) => effect !== undefined);
    return new Set([...begins.map(stemOf), ...done]);
  }

  /** The events by which other parts speak of an effect: those of the outcomes that leave it. */
  eventsOf(effect: string): readonly string[] {
    const { begins, reactions } = this.#service;
    const named = reactions.flatMap((reaction) => {
      const effects = this.of(reaction);
      return reaction.emits.filter((_, place) => effects[place] === effect).flat();
    });
    const events = [...begins, ...named];
    const same = events.filter((type) => stemOf(type) === effect);
    return same.length > 0 ? same : named;
  }
}

type Declared = Pick<ServiceDeclaration<never>, "begins" | "reactions">;

/** The effects of a declared service. */
function effectNamesOf({ begins, reactions }: Declared): EffectNames {
  return new EffectNames({
    begins: begins.map(({ type }) => type),
    reactions: reactions.map(typesOf),
  });
}

/** The effect of each success outcome of a declared reaction, in the order of its outcomes. */
export function effectsOfReaction(
  service: Declared,
  reaction: ReactionDeclaration<never>,
): readonly (string | undefined)[] {
  return effectNamesOf(service).of(typesOf(reaction));
}

function typesOf(reaction: ReactionDeclaration<never>): EffectReaction {
  const undo = reaction.kind === "undo";
  return {
    kind: reaction.kind,
    readonly: !undo && reaction.readonly,
    effect: undo ? undefined : reaction.effect?.name,
    undoes: undo ? reaction.effect : undefined,
    emits: reaction.emits.map((outcome) => outcome.map(({ type }) => type)),
  };
}

/** The declared names of a service's effects. */
export function declaredEffects({ reactions }: Declared): readonly Named[] {
  return reactions.flatMap((one) => (one.kind === "undo" ? [] : (one.effect ?? [])));
}

/** The declared names of a service's `firstOf`. */
export function declaredFirstOfs({ reactions }: Declared): readonly Named[] {
  return reactions.flatMap(({ firstOf }) => firstOf ?? []);
}

/**
 * Returns the name under which a mark is kept. Where several declarations share the name, one of
 * them says what it was.
 */
export function storedAmong(declared: readonly Named[], name: string): string {
  const same = declared.filter((one) => one.name === name);
  return storedName(same.find(({ was }) => was.length > 0) ?? { name, was: [] });
}

/** Returns the name of the effect that an event stands for in `.undo(event, …)`. */
export function effectOfEvent({ reactions }: Declared, type: string): string {
  const stem = stemOf(type);
  const step = reactions.find(
    (one) => one.kind !== "undo" && one.emits.flat().some((other) => stemOf(other.type) === stem),
  );
  return step?.kind === "undo" ? stem : (step?.effect?.name ?? stem);
}

/**
 * Every name that an effect of the service may have, for any event of an outcome that a later undo
 * may pick.
 */
export function effectCandidates(service: Declared): ReadonlySet<string> {
  const names = new Set(service.begins.map(({ type }) => stemOf(type)));
  for (const reaction of service.reactions) {
    if (reaction.kind === "undo" || reaction.readonly) continue;
    const events = reaction.emits.flat();
    if (reaction.effect === undefined) for (const { type } of events) names.add(stemOf(type));
    else if (events.length > 0) names.add(reaction.effect.name);
  }
  return names;
}
