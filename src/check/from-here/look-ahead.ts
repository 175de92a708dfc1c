import { Closed } from "../closed.ts";
import { dependenceOf } from "../dependence.ts";
import type { Machine } from "../machine.ts";
import { emissionsFrom } from "../merge.ts";
import {
  FAILED,
  type Model,
  type ModelEmission,
  reactionRunBy,
  SUCCEEDED,
  type TransitionSource,
} from "../model.ts";
import { judgeEnd } from "../properties.ts";
import { Reducer } from "../reduce.ts";
import { StateSet } from "../states.ts";
import { type Violation, violationKey } from "../violation.ts";

/** Bounds of one look ahead. */
export interface LookLimits {
  /** @default 5_000 */
  readonly statesMax?: number;
  /** @default 200 */
  readonly millisecondsMax?: number;
  /** Whether the asker has left: the look stops, and is not complete. */
  readonly isCancelled?: () => boolean;
}

/** How a saga may come to rest. */
export type RestKind = "success" | "failure" | "no end";

/** What may still happen in a saga. */
export interface Ahead {
  /** The states that were visited. */
  readonly states: number;
  /** Whether all were. If not, there may be more of everything. */
  readonly complete: boolean;
  /** Whether nothing is left to happen, but for events from outside. */
  readonly atRest: boolean;
  /** The types of the events that may still be emitted, sorted. */
  readonly events: readonly string[];
  /** How the saga may come to rest, as far as rules go: rest that breaks none. */
  readonly good: readonly RestKind[];
  /** How it may come to rest with a rule broken. */
  readonly bad: readonly RestKind[];
  /** The rules that it may break, each with the shortest message. */
  readonly violations: readonly Violation[];
}

const LOOK_STATES_MAX = 5_000;
const MILLISECONDS_MAX = 200;
/** A look ahead has few states, and many are made. */
const CHUNK_BYTES = 1 << 14;
/** Reads the clock, and whether it is cancelled, once for this many states. */
const CLOCK_EVERY = 32;

/**
 * Explores what can happen from some states on. Of independent deliveries one order is enough: in
 * each order the same events are emitted, and the saga comes to rest in the same states.
 */
export class LookAhead {
  readonly #model: Model;
  readonly #machine: Machine;
  readonly #reducer: Reducer;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#model = machine.model;
    const watched = new Closed(machine.model).openAtFailure();
    this.#reducer = new Reducer(machine, dependenceOf(machine.model, watched));
  }

  from(starts: readonly Uint8Array[], limits: LookLimits = {}): Ahead {
    const { statesMax = LOOK_STATES_MAX, millisecondsMax = MILLISECONDS_MAX } = limits;
    const { isCancelled = () => false } = limits;
    const model = this.#model;
    const machine = this.#machine;
    const until = performance.now() + millisecondsMax;
    const known = new StateSet(model.size, CHUNK_BYTES);
    const here = new Int32Array(model.size / 4);
    const bytes = new Uint8Array(here.buffer);
    const events = new Set<string>();
    const good = new Set<RestKind>();
    const bad = new Set<RestKind>();
    const violations = new Map<string, Violation>();
    const note = (found: readonly Violation[]) => {
      for (const one of found)
        if (!violations.has(violationKey(one))) violations.set(violationKey(one), one);
    };
    for (const start of starts) {
      here.set(asWords(start));
      known.add(here, -1, 0, 0);
    }
    machine.broken.length = 0;
    machine.overflowed = false;
    let atRest = true;
    let at = 0;
    for (; at < known.count; at++) {
      if (known.count > statesMax) break;
      if (at % CLOCK_EVERY === CLOCK_EVERY - 1 && (performance.now() > until || isCancelled()))
        break;
      known.read(at, here);
      const certain: TransitionSource[] = [];
      const possible: TransitionSource[] = [];
      machine.enabled(bytes, certain, possible);
      if (certain.length === 0) {
        const broken = judgeEnd(model, bytes);
        (broken.length === 0 ? good : bad).add(restOf(bytes));
        note(broken);
      } else if (at < starts.length) atRest = false;
      const all = [...certain, ...possible];
      const chosen = certain.length === 0 ? all : this.#reducer.choose(bytes, certain, possible);
      const grew = this.#expand(at, here, chosen, known, events);
      // A circle would postpone what is independent of it for ever.
      if (!grew && chosen.length < all.length) this.#expand(at, here, all, known, events);
      note(machine.broken.splice(0));
    }
    return {
      states: known.count,
      complete: at === known.count && !machine.overflowed,
      atRest,
      events: [...events].sort(),
      good: [...good].sort(),
      bad: [...bad].sort(),
      violations: [...violations.values()],
    };
  }

  /** Adds the successors of a state. Returns whether one of them is new. */
  #expand(
    at: number,
    here: Int32Array,
    chosen: readonly TransitionSource[],
    known: StateSet,
    events: Set<string>,
  ): boolean {
    const next = new Int32Array(here.length);
    const bytes = new Uint8Array(next.buffer);
    let grew = false;
    for (const source of chosen)
      for (const choice of this.#machine.choices(new Uint8Array(here.buffer), source)) {
        next.set(here);
        this.#machine.apply(bytes, source, choice);
        for (const { type } of emissionsBy(source, choice)) events.add(type);
        if (known.add(next, at, source.index, choice)) grew = true;
      }
    return grew;
  }
}

/** Returns the events that one alternative of a transition emits. */
export function emissionsBy(source: TransitionSource, choice: number): readonly ModelEmission[] {
  const reaction = reactionRunBy(source);
  if (reaction !== undefined) return reaction.choices[choice]?.emits ?? [];
  if (source.kind === "deadline") return source.deadline.choices[choice]?.emits ?? [];
  return source.kind === "arrival" ? emissionsFrom(source) : [];
}

/** Tells how a saga rests that goes no further. */
export function restOf(state: Uint8Array): RestKind {
  if (state[SUCCEEDED] !== 0) return "success";
  return state[FAILED] !== 0 ? "failure" : "no end";
}

function asWords(state: Uint8Array): Int32Array {
  return new Int32Array(state.buffer, state.byteOffset, state.byteLength / 4);
}
