import { JOIN } from "../choreography/fence.ts";
import type { Choice, Model, ModelReaction } from "./model.ts";

/**
 * Says what happens at most once in a saga, as far as the declarations tell: a reaction that hears
 * one event, emitted once, in a service with an inbox. Anything else may happen again.
 */
export class AtMostOnce {
  /** Reactions that take at most one delivery. */
  readonly #handled = new Set<ModelReaction>();

  constructor(model: Model) {
    const emitters = emittersOf(model);
    const hearers = new Map<string, ModelReaction[]>();
    for (const reaction of model.reactions)
      for (const type of reaction.entry.hears) add(hearers, type, reaction);
    const once = [...emitters].flatMap(([type, [first, ...others]]) =>
      others.length === 0 && (first === undefined || emitsOnce(first, type)) ? [type] : [],
    );
    const known = new Set(once);
    for (let type = once.pop(); type !== undefined; type = once.pop()) {
      for (const reaction of hearers.get(type) ?? []) {
        if (!reaction.service.inbox || reaction.entry.hears.length > 1) continue;
        this.#handled.add(reaction);
        for (const emitted of typesOf(reaction.choices)) {
          if (known.has(emitted) || emitters.get(emitted)?.length !== 1) continue;
          known.add(emitted);
          once.push(emitted);
        }
      }
    }
  }

  /** Whether the reaction takes at most one delivery of a saga, with any outcome. */
  takes(reaction: ModelReaction): boolean {
    return this.#handled.has(reaction);
  }

  /** Whether the reaction succeeds or fails at most once in a saga. */
  runs(reaction: ModelReaction): boolean {
    return this.#handled.has(reaction) || runsOnce(reaction);
  }
}

/** The emitters of each type. Undefined stands for what happens once: a beginning, a deadline. */
function emittersOf(model: Model): ReadonlyMap<string, readonly (ModelReaction | undefined)[]> {
  const emitters = new Map<string, (ModelReaction | undefined)[]>();
  // Of several beginnings, one begins the saga.
  for (const type of new Set(model.beginnings.map((beginning) => beginning.type)))
    add(emitters, type, undefined);
  for (const source of model.sources)
    if (source.kind === "arrival") add(emitters, source.type, undefined);
  for (const { choices } of model.deadlines)
    for (const type of typesOf(choices)) add(emitters, type, undefined);
  for (const reaction of model.reactions)
    for (const type of typesOf(reaction.choices)) add(emitters, type, reaction);
  return emitters;
}

function typesOf(choices: readonly Choice[]): ReadonlySet<string> {
  return new Set(choices.flatMap(({ emits }) => emits.map(({ type }) => type)));
}

function runsOnce({ kind, onceAt, maxAt, max }: ModelReaction): boolean {
  return kind === JOIN || onceAt >= 0 || (maxAt >= 0 && max === 1);
}

/** Whether a reaction emits an event once because it succeeds and fails once. */
function emitsOnce(reaction: ModelReaction, type: string): boolean {
  return (
    runsOnce(reaction) &&
    reaction.choices
      .filter(({ emits }) => emits.some((emission) => emission.type === type))
      .every(({ kind }) => kind === "success" || kind === "failure")
  );
}

function add<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key) ?? [];
  map.set(key, list);
  list.push(item);
}
