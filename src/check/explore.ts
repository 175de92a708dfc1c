import { Closed } from "./closed.ts";
import { dependenceOf, type Watched } from "./dependence.ts";
import { Loops, reactionRunBy, type Transition } from "./loops.ts";
import { Machine } from "./machine.ts";
import type { Effect, Model, TransitionSource } from "./model.ts";
import { judgeEnd } from "./properties.ts";
import { Reducer } from "./reduce.ts";
import { StateSet } from "./states.ts";
import { type Violation, violationKey } from "./violation.ts";

/** Options of `explore`. */
export interface ExploreOptions {
  /** Stops after this many states. */
  readonly statesMax: number;
  /**
   * Stops after this time.
   * @default Infinity
   */
  readonly millisecondsMax?: number;
  /**
   * Explores one order of independent deliveries instead of all (partial-order reduction).
   * @default true
   */
  readonly reduction?: boolean;
  /** Called every few thousand states, with the numbers so far. */
  readonly onProgress?: (states: number, transitions: number) => void;
}

/** Shows how a saga reaches a violation: a beginning (index), then transitions. */
export interface Counterexample {
  readonly violation: Violation;
  readonly beginning: number;
  readonly steps: readonly Transition[];
}

/** Holds the result of `explore`. */
export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly exhaustive: boolean;
  readonly counterexamples: readonly Counterexample[];
  /** By index of the reaction: 1 if it ever ran. */
  readonly ran: Uint8Array;
  /** By index of the deadline: 1 if it ever fired. */
  readonly fired: Uint8Array;
  /** True if some saga succeeded. */
  readonly succeeded: boolean;
}

/** Bounds the memory for states, because one state may be large. */
const STATES_MAX_BYTES = 1 << 30;
/** Reports at most this many different violations. */
const COUNTEREXAMPLES_MAX = 200;
const PROGRESS_EVERY = 1 << 14;
const CLOCK_EVERY = 64;
/** With more transitions from one state than this, checks the budget between them. */
const MANY = 1_000;
/** In an unbounded loop, two pending deliveries of a kind stand for any number. */
const PENDING_MAX_IN_LOOP = 2;

/**
 * Visits every reachable state of a saga in breadth-first order. Reports for each violation the
 * shortest counterexample that the search meets.
 */
export function explore(model: Model, options: ExploreOptions): Exploration {
  const began = performance.now();
  const watched = new Closed(model).openAtFailure();
  const { statesMax, millisecondsMax = Number.POSITIVE_INFINITY } = options;
  const apart = options.reduction !== false && unfound(watched, []).size > 0;
  const { exploration, plain } = search(
    model,
    apart ? { ...options, millisecondsMax: millisecondsMax * (1 - APART) } : options,
    NOTHING_WATCHED,
  );
  if (plain || !apart) return exploration;
  // The first search explores one order of a failure end and of the undos that do not depend on it.
  const left = unfound(watched, exploration.counterexamples);
  if (left.size === 0) return exploration;
  const rest = {
    ...options,
    statesMax: Math.max(statesMax - exploration.states, Math.ceil(statesMax * APART)),
    millisecondsMax: millisecondsMax - (performance.now() - began),
  };
  return both(exploration, search(model, rest, left).exploration);
}

/** Share of the budget that is kept for failure ends that are told early: they are mostly near. */
const APART = 0.25;

const NOTHING_WATCHED: Watched = new Map();

/** `plain` says that every order was explored. */
function search(model: Model, options: ExploreOptions, watched: Watched) {
  const plain = options.reduction === false;
  const first = new Search(model, new Machine(model), options, plain, watched).run(true);
  if (first !== undefined) return { exploration: first, plain };
  // The reduction may follow an unbounded loop for ever and postpone what is independent of it:
  // search again without reduction, and with bounded counts.
  const machine = new Machine(model, PENDING_MAX_IN_LOOP);
  const second = new Search(model, machine, options, true, watched).run(false);
  if (second === undefined)
    throw new Error("the search stopped at a loop, though it was told not to");
  return { exploration: second, plain: true };
}

/** Leaves out what was found. */
function unfound(watched: Watched, counterexamples: readonly Counterexample[]): Watched {
  const found = new Set(counterexamples.map(({ violation }) => violationKey(violation)));
  const left = [...watched].map(([end, effects]) => {
    const open = [...effects].filter((effect) => !found.has(earlyKey(end, effect)));
    return [end, new Set(open)] as const;
  });
  return new Map(left.filter(([, effects]) => effects.size > 0));
}

function earlyKey(end: string, { service, type }: Effect): string {
  return violationKey({ code: "EARLY_END", service, event: type, end, message: "" });
}

function both(first: Exploration, second: Exploration): Exploration {
  const early = second.counterexamples.filter(
    ({ violation }) =>
      violation.code === "EARLY_END" &&
      !first.counterexamples.some(
        (other) => violationKey(other.violation) === violationKey(violation),
      ),
  );
  return {
    ...first,
    states: first.states + second.states,
    transitions: first.transitions + second.transitions,
    exhaustive: first.exhaustive && second.exhaustive,
    counterexamples: [...first.counterexamples, ...early],
  };
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
  /** What is looked for; once it is found, the search ends. */
  readonly #sought: Set<string>;
  #transitions = 0;

  constructor(
    model: Model,
    machine: Machine,
    options: ExploreOptions,
    plain: boolean,
    watched: Watched,
  ) {
    this.#sought = new Set(
      [...watched].flatMap(([end, effects]) => [...effects].map((one) => earlyKey(end, one))),
    );
    this.#model = model;
    this.#machine = machine;
    this.#options = options;
    const dependence = plain ? undefined : dependenceOf(model, watched);
    this.#reducer = dependence && new Reducer(dependence);
    this.#loops = new Loops(model);
    this.#states = new StateSet(model.size);
    this.#deadline = performance.now() + (options.millisecondsMax ?? Number.POSITIVE_INFINITY);
    this.#here = new Int32Array(model.size / 4);
    this.#hereBytes = new Uint8Array(this.#here.buffer);
    this.#next = new Int32Array(model.size / 4);
    this.#nextBytes = new Uint8Array(this.#next.buffer);
  }

  /** Returns undefined if `stopAtLoop` is set and there is an unbounded loop. */
  run(stopAtLoop: boolean): Exploration | undefined {
    for (const [index, beginning] of this.#model.beginnings.entries()) {
      this.#machine.begin(this.#nextBytes, beginning);
      this.#states.add(this.#next, -1, index, 0);
      this.#collect(-1, index, 0);
    }
    let at = 0;
    let exhausted = false;
    const seeking = this.#sought.size > 0;
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
      if (seeking && this.#sought.size === 0) break;
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

  /** Tells whether the budget is spent. Reads the clock only for every 64th state. */
  #isSpent(count: number): boolean {
    if (this.#states.count > this.#options.statesMax || this.#states.bytes > STATES_MAX_BYTES)
      return true;
    return count % CLOCK_EVERY === 0 && performance.now() > this.#deadline;
  }

  /** Returns false if the budget runs out before all successors are added. */
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
      // With very many pending deliveries, the successors of one state are many and large.
      if (chosen.length > MANY && this.#isSpent(0)) return false;
    }
    return true;
  }

  #checkLoop(at: number, source: TransitionSource, choice: number): void {
    const reaction = reactionRunBy(source);
    if (reaction === undefined || this.#looping.has(this.#loops.component(reaction))) return;
    const back = this.#loops.back(this.#machine, this.#nextBytes, source, choice);
    if (back === undefined) return;
    this.#looping.add(this.#loops.component(reaction));
    const { service, entry } = reaction;
    const heard = entry.hears.join(" or ");
    const message = `${service.name} may hear ${heard} again and again: nothing bounds this loop`;
    const violation: Violation = {
      code: "UNBOUNDED_LOOP",
      service: service.name,
      event: entry.hears[0],
      message,
    };
    this.#keep(violation, () => [...this.#pathTo(at).steps, { source, choice }, ...back], at);
  }

  /** Keeps the violations of the last transition. */
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
    const key = violationKey(violation);
    this.#sought.delete(key);
    this.#counterexamples.set(key, { violation, beginning, steps: [] });
  }

  #keep(violation: Violation, steps: () => readonly Transition[], at: number): void {
    const key = violationKey(violation);
    this.#sought.delete(key);
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
