import { Closed } from "./closed.ts";
import { dependenceOf, type Watched } from "./dependence.ts";
import type { Exchange } from "./exchange.ts";
import { Loops, type Transition } from "./loops.ts";
import { Machine } from "./machine.ts";
import { type Effect, type Model, reactionRunBy, type TransitionSource } from "./model.ts";
import { exchangedPath, type SagaStep, type SearchPath, sagaSteps, unsorted } from "./path.ts";
import { judgeEnd } from "./properties.ts";
import { Reducer } from "./reduce.ts";
import { sortLegs } from "./sort-legs.ts";
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
  /** Called every few thousand states, with the numbers so far. */
  readonly onProgress?: (states: number, transitions: number) => void;
}

/** Shows how a saga reaches a violation: a beginning (index), then transitions. */
export interface Counterexample {
  readonly violation: Violation;
  readonly beginning: number;
  readonly steps: readonly SagaStep[];
}

/** Holds the result of `explore`. */
export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly exhaustive: boolean;
  readonly counterexamples: readonly Counterexample[];
  /** By index of the reaction: 1 if it ever ran. */
  readonly ran: Uint8Array;
  /** By index of the reaction: 1 if it ever found nothing to undo. */
  readonly acknowledged: Uint8Array;
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
  const first = new Search(model, new Machine(model), options).run(true);
  if (first !== undefined) return first;
  // The reduction may follow an unbounded loop for ever and postpone what is independent of it:
  // search again in every order, and with bounded counts.
  const every = { ...model, reductions: { ...model.reductions, order: false }, symmetries: [] };
  const second = new Search(every, new Machine(every, PENDING_MAX_IN_LOOP), options).run(false);
  if (second === undefined)
    throw new Error("the search stopped at a loop, though it was told not to");
  return second;
}

class Search {
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #options: ExploreOptions;
  #reducer: Reducer | undefined;
  /** Failure ends that may still be found to be told too early, for the effect. */
  #watched: Watched;
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
  #unwatch = false;

  constructor(model: Model, machine: Machine, options: ExploreOptions) {
    this.#model = model;
    this.#machine = machine;
    this.#options = options;
    this.#watched = model.reductions.order ? new Closed(model).openAtFailure() : new Map();
    this.#reducer = this.#newReducer();
    this.#loops = new Loops(model);
    this.#states = new StateSet(model.size);
    this.#deadline = performance.now() + (options.millisecondsMax ?? Number.POSITIVE_INFINITY);
    this.#here = new Int32Array(model.size / 4);
    this.#hereBytes = new Uint8Array(this.#here.buffer);
    this.#next = new Int32Array(model.size / 4);
    this.#nextBytes = new Uint8Array(this.#next.buffer);
  }

  #newReducer(): Reducer | undefined {
    if (!this.#model.reductions.order) return undefined;
    return new Reducer(this.#machine, dependenceOf(this.#model, this.#watched));
  }

  /** Returns undefined if `stopAtLoop` is set and there is an unbounded loop. */
  run(stopAtLoop: boolean): Exploration | undefined {
    for (const [index, beginning] of this.#model.beginnings.entries()) {
      this.#machine.begin(this.#nextBytes, beginning);
      this.#collect(() => ({ beginning: index, steps: [] }));
      sortLegs(this.#nextBytes, this.#model.symmetries);
      this.#states.add(this.#next, -1, index, 0);
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
    const { ran, acknowledged, fired, succeeded, overflowed } = this.#machine;
    for (const { exchanges } of this.#model.symmetries) {
      spread(ran, exchanges, "reactions");
      spread(acknowledged, exchanges, "reactions");
      spread(fired, exchanges, "deadlines");
    }
    return {
      states: this.#states.count,
      transitions: this.#transitions,
      exhaustive: !exhausted && (!overflowed || this.#looping.size > 0),
      counterexamples: [...this.#counterexamples.values()],
      ran,
      acknowledged,
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
    if (certain.length === 0) this.#judge(at);
    if (this.#unwatch) this.#stopWatching();
    const chosen = this.#choose(certain, possible);
    for (const source of chosen) {
      for (const choice of this.#machine.choices(this.#hereBytes, source)) {
        this.#next.set(this.#here);
        this.#machine.apply(this.#nextBytes, source, choice);
        this.#transitions++;
        this.#collect(() => this.#pathTo(at, { source, choice }));
        this.#checkLoop(at, source, choice);
        sortLegs(this.#nextBytes, this.#model.symmetries);
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
      detail: heard,
    };
    const { beginning, steps } = this.#pathTo(at, { source, choice });
    this.#keep(violation, { beginning, steps: [...steps, ...back] });
  }

  #choose(
    certain: readonly TransitionSource[],
    possible: readonly TransitionSource[],
  ): readonly TransitionSource[] {
    return certain.length > 0 && this.#reducer !== undefined
      ? this.#reducer.choose(this.#hereBytes, certain, possible)
      : [...certain, ...possible];
  }

  /** Keeps the violations of the last transition. */
  #collect(path: () => SearchPath): void {
    const { broken } = this.#machine;
    if (broken.length === 0) return;
    const found = broken.splice(0);
    this.#keepAll(found, path, (machine) => machine.broken.splice(0));
  }

  /** Keeps the violations of a saga that has ended. */
  #judge(at: number): void {
    const found = judgeEnd(this.#model, this.#hereBytes);
    const path = () => this.#pathTo(at);
    this.#keepAll(found, path, (_, state) => judgeEnd(this.#model, state));
  }

  /**
   * Lets the reduction forget which failure ends are known to be early: the order of such an end
   * and of the undo need not be explored any more.
   */
  #stopWatching(): void {
    this.#unwatch = false;
    const left = [...this.#watched].map(([end, effects]) => {
      const open = [...effects].filter(
        (effect) => !this.#counterexamples.has(earlyKey(end, effect)),
      );
      return [end, new Set(open)] as const;
    });
    this.#watched = new Map(left);
    this.#reducer = this.#newReducer();
  }

  /**
   * Keeps violations that are new, and those of like legs. A path through sorted states names the
   * legs in another order than the saga does, so the saga is played again to see what it breaks.
   */
  #keepAll(found: readonly Violation[], path: () => SearchPath, judge: Judge): void {
    if (found.every((violation) => this.#counterexamples.has(violationKey(violation)))) return;
    const { symmetries } = this.#model;
    const exchanges = symmetries.flatMap((symmetry) => symmetry.exchanges);
    if (exchanges.length === 0) {
      for (const violation of found) this.#keep(violation, path());
      return;
    }
    const paths = [unsorted(this.#model, path())];
    for (let next = paths.pop(); next !== undefined; next = paths.pop()) {
      const broken = play(this.#model, next, judge);
      const unknown = broken.filter((one) => !this.#counterexamples.has(violationKey(one)));
      if (unknown.length === 0 || this.#counterexamples.size >= COUNTEREXAMPLES_MAX) continue;
      for (const violation of unknown) this.#keep(violation, next);
      for (const exchange of exchanges) paths.push(exchangedPath(this.#model, next, exchange));
    }
  }

  #keep(violation: Violation, path: SearchPath): void {
    const key = violationKey(violation);
    if (this.#counterexamples.has(key) || this.#counterexamples.size >= COUNTEREXAMPLES_MAX) return;
    if (violation.code === "EARLY_END") this.#unwatch = true;
    const { beginning } = path;
    const steps = sagaSteps(this.#model, path);
    this.#counterexamples.set(key, { violation, beginning, steps });
  }

  /** Returns how the search came to a state, and the transition after it. */
  #pathTo(at: number, last?: Transition): SearchPath {
    const steps: Transition[] = last === undefined ? [] : [last];
    for (let index = at; ; ) {
      const { parent, source, choice } = this.#states.origin(index);
      if (parent < 0) return { beginning: source, steps: steps.reverse() };
      const found = this.#model.sources[source];
      if (found !== undefined) steps.push({ source: found, choice });
      index = parent;
    }
  }
}

type Judge = (machine: Machine, state: Uint8Array) => readonly Violation[];

/** Plays a saga, and judges its last transition. */
function play(model: Model, { beginning, steps }: SearchPath, judge: Judge): readonly Violation[] {
  const machine = new Machine(model);
  const state = new Uint8Array(model.size);
  const first = model.beginnings[beginning];
  if (first !== undefined) machine.begin(state, first);
  for (const { source, choice } of steps) {
    machine.broken.length = 0;
    machine.apply(state, source, choice);
  }
  return judge(machine, state);
}

function earlyKey(end: string, { service, type }: Effect): string {
  return violationKey({ code: "EARLY_END", service, event: type, end, message: "" });
}

/** Marks what like legs do as soon as one of them does it. */
function spread(
  marks: Uint8Array,
  exchanges: readonly Exchange[],
  of: "reactions" | "deadlines",
): void {
  for (let changed = true; changed; ) {
    changed = false;
    for (const exchange of exchanges) {
      for (const [index, image] of exchange[of].entries()) {
        if (marks[index] === 0 || marks[image] !== 0) continue;
        marks[image] = 1;
        changed = true;
      }
    }
  }
}
