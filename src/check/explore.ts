import { dependenceOf } from "./dependence.ts";
import { Loops, reactionOf, type Transition } from "./loops.ts";
import { Machine } from "./machine.ts";
import type { Model, TransitionSource } from "./model.ts";
import { judgeEnd } from "./properties.ts";
import { Reducer } from "./reduce.ts";
import { StateSet } from "./states.ts";
import { type Violation, violationKey } from "./violation.ts";

export interface ExploreOptions {
  /** How many states to visit at most. */
  readonly statesMax: number;
  /** How long to go on. Default: without end. */
  readonly millisecondsMax?: number;
  /**
   * Partial-order reduction: explores one order of independent deliveries instead of all. Slower
   * without, with the same findings.
   * @default true
   */
  readonly reduction?: boolean;
  /** Called now and then, with the number of states so far. */
  readonly onProgress?: (states: number, transitions: number) => void;
}

/** A violation, and how to get there: a beginning, then steps. */
export interface Counterexample {
  readonly violation: Violation;
  readonly beginning: number;
  readonly steps: readonly Transition[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly exhaustive: boolean;
  readonly counterexamples: readonly Counterexample[];
  /** By reaction: whether it ever did something. */
  readonly ran: Uint8Array;
  readonly fired: Uint8Array;
  readonly succeeded: boolean;
}

/** Memory for states, as a guard where each is large. */
const STATES_MAX_BYTES = 1 << 30;
/** Different violations are reported up to this number: whoever has so many mends one first. */
const COUNTEREXAMPLES_MAX = 200;
const PROGRESS_EVERY = 1 << 14;
const CLOCK_EVERY = 64;
/** More transitions of one state than this, and the budget is looked at between them. */
const MANY = 1_000;
/** With a loop without bound, two deliveries of a kind stand for any number. */
const PENDING_MAX_IN_LOOP = 2;

/**
 * Visits every state that a saga can be in, nearest first, and reports the shortest way to each
 * violation.
 */
export function explore(model: Model, options: ExploreOptions): Exploration {
  const first = new Search(model, new Machine(model), options, options.reduction === false).run(
    true,
  );
  if (first !== undefined) return first;
  // A loop has no last state, and may be passed before anything independent of it happens: bounded,
  // and without reduction.
  const second = new Search(model, new Machine(model, PENDING_MAX_IN_LOOP), options, true).run(
    false,
  );
  if (second === undefined) throw new Error("a search that goes on past loops has stopped at one");
  return second;
}

class Search {
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #options: ExploreOptions;
  readonly #reducer: Reducer | undefined;
  readonly #loops: Loops;
  readonly #states: StateSet;
  readonly #deadline: number;
  readonly #counterexamples = new Map<string, Counterexample>();
  readonly #looping = new Set<number>();
  readonly #here: Int32Array;
  readonly #hereBytes: Uint8Array;
  readonly #next: Int32Array;
  readonly #nextBytes: Uint8Array;
  #transitions = 0;

  constructor(model: Model, machine: Machine, options: ExploreOptions, plain: boolean) {
    this.#model = model;
    this.#machine = machine;
    this.#options = options;
    const dependence = plain ? undefined : dependenceOf(model);
    this.#reducer = dependence && new Reducer(dependence);
    this.#loops = new Loops(model);
    this.#states = new StateSet(model.size);
    this.#deadline = performance.now() + (options.millisecondsMax ?? Number.POSITIVE_INFINITY);
    this.#here = new Int32Array(model.size / 4);
    this.#hereBytes = new Uint8Array(this.#here.buffer);
    this.#next = new Int32Array(model.size / 4);
    this.#nextBytes = new Uint8Array(this.#next.buffer);
  }

  /** Undefined when it was to stop at a loop without bound, and met one. */
  run(stopAtLoop: boolean): Exploration | undefined {
    for (const [index, beginning] of this.#model.beginnings.entries()) {
      this.#machine.begin(this.#nextBytes, beginning);
      this.#states.add(this.#next, -1, index, 0);
      this.#collect(-1, index, 0);
    }
    let at = 0;
    let exhausted = false;
    for (; at < this.#states.count; at++) {
      if (this.#isSpent(at)) {
        exhausted = true;
        break;
      }
      if (at % PROGRESS_EVERY === 0)
        this.#options.onProgress?.(this.#states.count, this.#transitions);
      exhausted = !this.#expand(at);
      if (exhausted) break;
      if (stopAtLoop && this.#looping.size > 0) return undefined;
    }
    const { ran, fired, succeeded, overflowed } = this.#machine;
    return {
      states: this.#states.count,
      transitions: this.#transitions,
      exhaustive: !exhausted && (!overflowed || this.#looping.size > 0),
      counterexamples: [...this.#counterexamples.values()],
      ran,
      fired,
      succeeded,
    };
  }

  /** Looks at the clock now and then only. */
  #isSpent(count: number): boolean {
    if (this.#states.count > this.#options.statesMax || this.#states.bytes > STATES_MAX_BYTES)
      return true;
    return count % CLOCK_EVERY === 0 && performance.now() > this.#deadline;
  }

  /** Returns false when the budget ran out in the middle. */
  #expand(at: number): boolean {
    this.#states.read(at, this.#here);
    const certain: TransitionSource[] = [];
    const possible: TransitionSource[] = [];
    this.#machine.enabled(this.#hereBytes, certain, possible);
    if (certain.length === 0)
      for (const violation of judgeEnd(this.#model, this.#hereBytes)) this.#report(violation, at);
    const chosen =
      certain.length > 0 && this.#reducer !== undefined
        ? this.#reducer.choose(certain, possible)
        : [...certain, ...possible];
    for (const source of chosen) {
      for (const choice of this.#machine.choices(this.#hereBytes, source)) {
        this.#next.set(this.#here);
        this.#machine.apply(this.#nextBytes, source, choice);
        this.#transitions++;
        this.#collect(at, source.index, choice);
        this.#checkLoop(at, source, choice);
        this.#states.add(this.#next, at, source.index, choice);
      }
      // Where very much is pending, the successors of one state are many and large.
      if (chosen.length > MANY && this.#isSpent(0)) return false;
    }
    return true;
  }

  #checkLoop(at: number, source: TransitionSource, choice: number): void {
    const reaction = reactionOf(source);
    if (reaction === undefined || this.#looping.has(this.#loops.component(reaction))) return;
    const back = this.#loops.back(this.#machine, this.#nextBytes, source, choice);
    if (back === undefined) return;
    this.#looping.add(this.#loops.component(reaction));
    const { service, entry } = reaction;
    const message = `${service.name} may hear ${entry.hears.join(" or ")} again and again: nothing bounds this loop`;
    const violation: Violation = {
      code: "UNBOUNDED_LOOP",
      service: service.name,
      event: entry.hears[0],
      message,
    };
    this.#keep(violation, () => [...this.#pathTo(at).steps, { source, choice }, ...back], at);
  }

  /** Takes over what the last transition broke. */
  #collect(parent: number, source: number, choice: number): void {
    const { broken } = this.#machine;
    if (broken.length === 0) return;
    for (const violation of broken) {
      const last = this.#model.sources[source];
      if (parent < 0) this.#keepFirst(violation, source);
      else if (last !== undefined)
        this.#keep(
          violation,
          () => [...this.#pathTo(parent).steps, { source: last, choice }],
          parent,
        );
    }
    broken.length = 0;
  }

  #report(violation: Violation, at: number): void {
    this.#keep(violation, () => this.#pathTo(at).steps, at);
  }

  #keepFirst(violation: Violation, beginning: number): void {
    this.#counterexamples.set(violationKey(violation), { violation, beginning, steps: [] });
  }

  #keep(violation: Violation, steps: () => readonly Transition[], at: number): void {
    const key = violationKey(violation);
    if (this.#counterexamples.has(key) || this.#counterexamples.size >= COUNTEREXAMPLES_MAX) return;
    this.#counterexamples.set(key, {
      violation,
      beginning: this.#pathTo(at).beginning,
      steps: steps(),
    });
  }

  #pathTo(at: number): { readonly beginning: number; readonly steps: readonly Transition[] } {
    const steps: Transition[] = [];
    for (let index = at; ; ) {
      const { parent, source, choice } = this.#states.origin(index);
      if (parent < 0) return { beginning: source, steps: steps.reverse() };
      const found = this.#model.sources[source];
      if (found !== undefined) steps.push({ source: found, choice });
      index = parent;
    }
  }
}
