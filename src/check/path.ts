import type { Exchange } from "./exchange.ts";
import type { Transition } from "./loops.ts";
import { Machine } from "./machine.ts";
import {
  type Choice,
  type DeliverySource,
  type Model,
  type ModelReaction,
  reactionRunBy,
} from "./model.ts";
import { PLAIN } from "./rulings.ts";
import { sortLegs } from "./sort-legs.ts";

/*
 * A path through explored states, turned into what happens in one real saga. Reductions leave out
 * what a reader needs: which leg it was, which of several events a reaction heard, and in which
 * order a join gathered its events.
 */

/** A transition of one real saga. */
export interface SagaStep extends Transition {
  /** The events that it hears: those of a join in the order of their arrival, else at most one. */
  readonly heard: readonly string[];
}

/** A beginning (index), and the transitions after it. */
export interface SearchPath {
  readonly beginning: number;
  readonly steps: readonly Transition[];
}

/** Renames the legs of a path through sorted states, so that it is the path of one saga. */
export function unsorted(model: Model, { beginning, steps }: SearchPath): SearchPath {
  if (model.symmetries.length === 0) return { beginning, steps };
  const machine = new Machine(model);
  const state = new Uint8Array(model.size);
  /** By source of a sorted state: the source in the saga. */
  let real = Int32Array.from(model.sources, ({ index }) => index);
  const exchanged = ({ sources }: Exchange) => {
    real = sources.map((image) => real[image] ?? image);
  };
  const first = model.beginnings[beginning];
  if (first !== undefined) machine.begin(state, first);
  sortLegs(state, model.symmetries, exchanged);
  const path = steps.map(({ source, choice }) => {
    const own = model.sources[real[source.index] ?? -1] ?? source;
    machine.apply(state, source, choice);
    sortLegs(state, model.symmetries, exchanged);
    return { source: own, choice };
  });
  return { beginning, steps: path };
}

/** Returns the path that exchanges two legs. */
export function exchangedPath(
  model: Model,
  { beginning, steps }: SearchPath,
  { beginnings, sources }: Exchange,
): SearchPath {
  return {
    beginning: beginnings[beginning] ?? beginning,
    steps: steps.map(({ source, choice }) => ({
      source: model.sources[sources[source.index] ?? -1] ?? source,
      choice,
    })),
  };
}

/** Adds what each transition hears. */
export function sagaSteps(model: Model, { beginning, steps }: SearchPath): readonly SagaStep[] {
  /** Events under way, by the byte that counts them. */
  const underWay = new Map<number, string[]>();
  const emit = (emissions: Choice["emits"]) => {
    for (const { type, posts, gathers } of emissions)
      for (const at of [...posts.map((post) => post.at), ...gathers])
        underWay.set(at, [...(underWay.get(at) ?? []), type]);
  };
  emit(model.beginnings[beginning]?.emits ?? []);
  const saga: SagaStep[] = [];
  for (const { source, choice } of steps) {
    switch (source.kind) {
      case "delivery":
        saga.push({ source, choice, heard: [underWay.get(source.at)?.shift() ?? first(source)] });
        break;
      case "repeat":
      case "again":
      case "completion":
        saga.push({ source, choice, heard: [first(source.of)] });
        break;
      case "join":
        saga.push({ source, choice, heard: gathered(source.reaction, underWay) });
        break;
      case "deadline":
      case "arrival":
      case "take":
      case "move":
        saga.push({ source, choice, heard: [] });
    }
    emit(emittedBy({ source, choice }));
  }
  return saga;
}

function first({ types }: DeliverySource): string {
  return types[0] ?? "";
}

/** The events that a join has heard when it runs. The last one is one that it waits for. */
function gathered(
  { entry, gatherAt, optional }: ModelReaction,
  underWay: ReadonlyMap<number, readonly string[]>,
): readonly string[] {
  const waited = entry.hears.filter((_, part) => !optional[part]);
  const came = entry.hears.filter((_, part) => optional[part] && underWay.has(gatherAt + part));
  // Where it waits for none, it runs with the first one.
  return waited.length === 0 ? came.slice(0, 1) : [...came, ...waited];
}

function emittedBy({ source, choice }: Transition): Choice["emits"] {
  if (source.kind === "deadline") return source.deadline.choices[choice]?.emits ?? [];
  if (source.kind === "arrival") return source.emits;
  return choice === PLAIN ? [] : (reactionRunBy(source)?.choices[choice]?.emits ?? []);
}
