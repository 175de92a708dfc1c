import type { MarkWrite } from "../ports/bookkeeping.ts";
import type { JournalEntry } from "../ports/journal.ts";
import type { MachineMap } from "./machine-map.ts";
import { outcomeInJournal } from "./outcomes.ts";
import { type Disagreement, SagaWalk } from "./walk.ts";

/** What the runs of a simulation have reached. */
export interface Reached {
  /** Outcomes of reactions and deadlines, as `outcomeInJournal` names them. */
  readonly outcomes: Set<string>;
  /** States of the model. */
  readonly states: Set<number>;
}

/** Where a step leads, and what is wrong with it. */
interface WalkStep {
  readonly to: WalkPlace;
  readonly wrong: Disagreement | undefined;
}

/** How far a saga is. Sagas that are equally far share it, in this run and in later ones. */
export class WalkPlace {
  /** By what the saga is told. */
  readonly steps = new Map<string, WalkStep>();
  /** Is not stepped itself, but copied. */
  readonly walk: SagaWalk;
  /** What is wrong if nothing more happens. */
  wrong: readonly Disagreement[] | undefined;

  constructor(walk: SagaWalk) {
    this.walk = walk;
  }

  /** Whether the model tells how the saga is. */
  get follows(): boolean {
    return this.walk.follows;
  }
}

/** Bounds what is kept: keys of effects are of the user's choice. */
const STEPS_MAX = 10_000;

/**
 * Remembers where each step of a saga leads: runs take the same ones again and again, and asking
 * the model each time was a twentieth of a run.
 */
export class KnownWalks {
  readonly reached: Reached = { outcomes: new Set(), states: new Set() };
  /** Where each saga begins. */
  readonly start: WalkPlace;
  readonly #places = new Map<string, WalkPlace>();
  #count = 0;

  constructor(map: MachineMap) {
    const { states } = this.reached;
    this.start = this.#place(new SagaWalk(map, (state) => states.add(state)));
  }

  /** An event comes from outside. */
  arrive(from: WalkPlace, type: string): WalkStep {
    return this.#step(from, type, (walk) => walk.arrive(type));
  }

  /** Takes a journal row. */
  note(from: WalkPlace, service: string, entry: JournalEntry): WalkStep {
    const outcome = outcomeInJournal(service, entry);
    return this.#step(from, `${outcome}\n${entry.type}`, (walk) => {
      this.reached.outcomes.add(outcome);
      return walk.step(service, entry);
    });
  }

  /** Takes the marks that a service has committed beside rows. */
  mark(from: WalkPlace, service: string, marks: readonly MarkWrite[]): WalkStep {
    let key = `${service}\n`;
    for (const { name, state } of marks) key += `\n${name}\n${state}`;
    return this.#step(from, key, (walk) => walk.mark(service, marks));
  }

  /** The rules that a saga breaks when nothing more can happen in it. */
  judge(place: WalkPlace): readonly Disagreement[] {
    place.wrong ??= place.walk.judge();
    return place.wrong;
  }

  #step(
    { steps, walk }: WalkPlace,
    told: string,
    take: (walk: SagaWalk) => Disagreement | undefined,
  ): WalkStep {
    const known = steps.get(told);
    if (known !== undefined) return known;
    const after = walk.copy();
    const wrong = take(after);
    const step = { to: this.#place(after), wrong };
    if (this.#count++ < STEPS_MAX) steps.set(told, step);
    return step;
  }

  #place(walk: SagaWalk): WalkPlace {
    const { identity } = walk;
    const known = this.#places.get(identity);
    if (known !== undefined) return known;
    const place = new WalkPlace(walk);
    if (this.#count < STEPS_MAX) this.#places.set(identity, place);
    return place;
  }
}
