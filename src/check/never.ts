import { JOIN, UNDO } from "../choreography/fence.ts";
import type { Choice, Effect, Model, ModelDeadline, ModelReaction } from "./model.ts";

/** Limits the work of all calls together. Beyond it, fewer effects are known to be out of reach. */
const LOOKS_MAX = 5_000_000;

export type EmittingPart = ModelReaction | ModelDeadline;

/**
 * Follows what an outcome rules out: where a reaction runs once, the events of its other outcomes
 * are never emitted, so that what waits for them never runs.
 */
export class Never {
  readonly #hearers = new Map<string, Set<EmittingPart>>();
  /** Undefined stands for a beginning or an arrival. */
  readonly #emitters = new Map<string, Set<EmittingPart | undefined>>();
  readonly #doers: ReadonlyMap<Effect, ReadonlySet<ModelReaction | undefined>>;
  #looks = 0;

  constructor(model: Model, doers: ReadonlyMap<Effect, ReadonlySet<ModelReaction | undefined>>) {
    this.#doers = doers;
    for (const { type } of model.beginnings) addTo(this.#emitters, type, undefined);
    for (const source of model.sources)
      if (source.kind === "arrival") addTo(this.#emitters, source.type, undefined);
    for (const emitting of [...model.reactions, ...model.deadlines]) {
      for (const type of typesHeardBy(emitting)) addTo(this.#hearers, type, emitting);
      for (const type of emittedBy(emitting.choices)) addTo(this.#emitters, type, emitting);
    }
  }

  /** The effects that nothing can do any more once a reaction, which runs once, has so chosen. */
  doneAfter(reaction: ModelReaction, choice: Choice): readonly Effect[] {
    const own = new Set(choice.emits.map(({ type }) => type));
    const [ran, other] = [[], []] as [Choice[], Choice[]];
    for (const one of reaction.choices)
      (one.kind === "success" || one.kind === "failure" ? ran : other).push(one);
    const later = emittedBy(other);
    const never = new Set(
      [...emittedBy(ran)].filter(
        (type) => !own.has(type) && !later.has(type) && this.#emitters.get(type)?.size === 1,
      ),
    );
    const dead = new Set<EmittingPart>();
    for (const type of never) {
      for (const hearer of this.#hearers.get(type) ?? []) {
        this.#looks++;
        if (dead.has(hearer) || !neverRuns(hearer, never)) continue;
        dead.add(hearer);
        for (const emitted of emittedBy(hearer.choices)) {
          const emitters = [...(this.#emitters.get(emitted) ?? [])];
          this.#looks += emitters.length;
          if (emitters.every((one) => one !== undefined && dead.has(one))) never.add(emitted);
        }
      }
      if (this.#looks > LOOKS_MAX) return [];
    }
    const touched = [...dead].flatMap((one) => ("effects" in one ? one.effects : []));
    return touched.filter((effect) => {
      const doers = [...(this.#doers.get(effect) ?? [])];
      return doers.every((doer) => doer !== undefined && dead.has(doer));
    });
  }
}

function neverRuns(emitting: EmittingPart, never: ReadonlySet<string>): boolean {
  const heard = typesHeardBy(emitting);
  // A join that is given up on emits after any of its events.
  const all = !("kind" in emitting) || emitting.kind !== JOIN || emitting.service.mayPark;
  if (all) return heard.every((type) => never.has(type));
  return emitting.entry.hears.some((type, part) => !emitting.optional[part] && never.has(type));
}

export function typesHeardBy(emitting: EmittingPart): readonly string[] {
  return "kind" in emitting ? emitting.entry.hears : [emitting.entry.after];
}

function emittedBy(choices: readonly Choice[]): ReadonlySet<string> {
  return new Set(choices.flatMap(({ emits }) => emits.map(({ type }) => type)));
}

function addTo<T>(map: Map<string, Set<T>>, key: string, item: T): void {
  const known = map.get(key) ?? new Set();
  map.set(key, known.add(item));
}

/** By effect: the reactions that do it; undefined for a beginning. */
export function doersOf(model: Model): ReadonlyMap<Effect, ReadonlySet<ModelReaction | undefined>> {
  const doers = new Map<Effect, Set<ModelReaction | undefined>>();
  const add = (effect: Effect | undefined, reaction: ModelReaction | undefined) => {
    if (effect !== undefined) doers.set(effect, (doers.get(effect) ?? new Set()).add(reaction));
  };
  for (const { effect } of model.beginnings) add(effect, undefined);
  for (const reaction of model.reactions)
    if (reaction.kind !== UNDO) for (const { effect } of reaction.choices) add(effect, reaction);
  return doers;
}
