import { componentsOf } from "./components.ts";
import type { Machine } from "./machine.ts";
import {
  type Choice,
  type Model,
  type ModelReaction,
  reactionRunBy,
  type TransitionSource,
} from "./model.ts";
import { PLAIN } from "./rulings.ts";

/** Names a transition: its source, and the index of the outcome that it takes. */
export interface Transition {
  readonly source: TransitionSource;
  readonly choice: number;
}

/** Links a transition to those before it. */
interface Trail {
  readonly step: Transition | undefined;
  readonly before: Trail | undefined;
  readonly choice: Choice;
}

function stepsOf(last: Trail): readonly Transition[] {
  const steps: Transition[] = [];
  for (let trail: Trail | undefined = last; trail !== undefined; trail = trail.before)
    if (trail.step !== undefined) steps.push(trail.step);
  return steps.reverse();
}

/**
 * Finds loops without bound: chains of events that lead back to their start, where no choice
 * changes a mark. A saga can then pass through the chain for ever.
 */
export class Loops {
  /** By index of the reaction: its strongly connected component; -1 if it lies on no loop. */
  readonly #component: Int32Array;

  constructor(model: Model) {
    const edges = model.reactions.map((reaction) =>
      reaction.choices
        .filter((choice) => leavesNoMark(reaction, choice))
        .flatMap(({ emits }) => followersOf(emits)),
    );
    const { of } = componentsOf(edges);
    const cyclic = new Set<number>();
    edges.forEach((targets, index) => {
      if (targets.some((target) => of[target] === of[index])) cyclic.add(of[index] ?? -1);
    });
    this.#component = of.map((component) => (cyclic.has(component) ? component : -1));
  }

  /**
   * Finds the transitions that lead back to the same choice of the same reaction. Returns undefined
   * if there are none. `state` is the state after the choice.
   */
  back(
    machine: Machine,
    state: Uint8Array,
    source: TransitionSource,
    choiceIndex: number,
  ): readonly Transition[] | undefined {
    const reaction = reactionRunBy(source);
    const choice = reaction?.choices[choiceIndex];
    if (
      reaction === undefined ||
      choice === undefined ||
      this.#component[reaction.index] === -1 ||
      !leavesNoMark(reaction, choice)
    )
      return undefined;
    // Breadth-first, so that the loop found is short; without recursion, because it may be long.
    const seen = new Set<ModelReaction>();
    const queue: Trail[] = [{ step: undefined, before: undefined, choice }];
    for (let at = 0; at < queue.length; at++) {
      const trail = queue[at];
      if (trail === undefined) break;
      for (const next of trail.choice.emits.flatMap(({ sources }) => sources)) {
        const follower = next.reaction;
        if (
          follower === undefined ||
          this.#component[follower.index] !== this.#component[reaction.index] ||
          seen.has(follower)
        )
          continue;
        const allowed = machine.choices(state, next).filter((index) => index !== PLAIN);
        if (follower === reaction && allowed.includes(choiceIndex))
          return stepsOf({ step: { source: next, choice: choiceIndex }, before: trail, choice });
        if (follower === reaction) continue;
        seen.add(follower);
        for (const index of allowed) {
          const following = follower.choices[index];
          if (following === undefined || !leavesNoMark(follower, following)) continue;
          queue.push({ step: { source: next, choice: index }, before: trail, choice: following });
        }
      }
    }
    return undefined;
  }

  /** Returns the component of a reaction; -1 if it lies on no loop. */
  component(reaction: ModelReaction): number {
    return this.#component[reaction.index] ?? -1;
  }
}

/** Tells whether a choice leaves the marks of its service as they are, so that it can recur. */
function leavesNoMark(
  { entry, service, onceAt, maxAt }: ModelReaction,
  { kind, effect, emits }: Choice,
): boolean {
  if (emits.length === 0) return false;
  // A join that is given up on has gathered nothing, and answers the next event too.
  if (entry.kind === "join" && kind !== "park") return false;
  const counted = onceAt >= 0 || maxAt >= 0;
  switch (kind) {
    case "success":
      return !counted && !(service.fence && effect !== undefined);
    case "failure":
      return !counted;
    case "acknowledge":
      return false;
    case "forget":
      return false;
    case "late":
    case "park":
      return true;
  }
}

function followersOf(emissions: Choice["emits"]): readonly number[] {
  return emissions.flatMap(({ sources }) =>
    sources.flatMap(({ reaction }) => reaction?.index ?? []),
  );
}
