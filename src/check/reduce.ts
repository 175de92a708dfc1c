import type { Dependence } from "./dependence.ts";
import type { Machine } from "./machine.ts";
import { type ArrivalSource, IDLE, type ModelReaction, type TransitionSource } from "./model.ts";
import { isClosed } from "./rulings.ts";

/** A join that lacks some event, except for the event of one byte. */
interface Waiting {
  readonly join: ModelReaction;
  readonly but: number;
}

/** Limits the work of one choice. Beyond it, the best set so far is explored. */
const LOOKS_MAX = 200_000;

/**
 * Chooses which enabled transitions to explore, so that every end of a saga is still reached. The
 * choice is a stubborn set (Valmari, "Stubborn sets for reduced state space generation", 1991):
 * with an enabled transition it has all that depend on it, and with a disabled one all that may
 * enable it first. What stays outside can then neither disturb it nor lead to what does.
 */
export class Reducer {
  readonly #machine: Machine;
  readonly #dependence: Dependence;
  readonly #sources: readonly TransitionSource[];
  /** By source: the number of the last set that has it. */
  readonly #inSet: Int32Array;
  /** By source: the number of the last choice in which it was enabled. */
  readonly #enabled: Int32Array;
  readonly #open: number[] = [];
  #sets = 0;
  #choices = 0;
  #looks = 0;

  constructor(machine: Machine, dependence: Dependence) {
    this.#machine = machine;
    this.#dependence = dependence;
    this.#sources = machine.model.sources;
    this.#inSet = new Int32Array(this.#sources.length);
    this.#enabled = new Int32Array(this.#sources.length);
  }

  /**
   * Returns a subset of the enabled transitions. `certain` ones happen sooner or later; `possible`
   * ones (an arrival, a redelivery) may never happen. These are never chosen alone: their absence
   * would not be explored.
   */
  choose(
    state: Uint8Array,
    certain: readonly TransitionSource[],
    possible: readonly TransitionSource[],
  ): readonly TransitionSource[] {
    let best: readonly TransitionSource[] = [...certain, ...possible];
    this.#choices++;
    for (const { index } of best) this.#enabled[index] = this.#choices;
    this.#looks = 0;
    for (const seed of certain) {
      if (best.length === 1 || this.#looks > LOOKS_MAX) break;
      best = this.#close(state, seed, best.length) ?? best;
    }
    return best;
  }

  /** Returns the enabled part of a stubborn set around a seed; undefined if it reaches `limit`. */
  #close(
    state: Uint8Array,
    seed: TransitionSource,
    limit: number,
  ): readonly TransitionSource[] | undefined {
    this.#sets++;
    this.#open.length = 0;
    this.#include([seed.index]);
    const chosen: TransitionSource[] = [];
    const waiting: Waiting[] = [];
    for (;;) {
      for (let index = this.#open.pop(); index !== undefined; index = this.#open.pop()) {
        const source = this.#sources[index];
        if (source === undefined) continue;
        if (this.#enabled[index] === this.#choices) {
          chosen.push(source);
          if (chosen.length >= limit || this.#looks > LOOKS_MAX) return undefined;
          this.#includeDependent(index);
        } else if (!this.#machine.isOver(state, source)) {
          if (source.kind === "join") waiting.push({ join: source.reaction, but: -1 });
          else if (source.kind === "arrival") this.#postpone(state, source, waiting);
          else this.#include(this.#dependence.feeders[index] ?? []);
        }
      }
      // One missing event is enough to keep a join from running.
      const needed = waiting.map((one) => this.#keyTo(state, one)).find(({ length }) => length > 0);
      if (needed === undefined) return chosen;
      this.#include(needed);
    }
  }

  /** Includes what has to happen before an arrival is awaited. */
  #postpone(state: Uint8Array, { emits }: ArrivalSource, waiting: Waiting[]): void {
    for (const { sources, gathers } of emits) {
      for (const { deadline } of sources)
        if (deadline !== undefined && state[deadline.at] === IDLE)
          this.#include(this.#dependence.arming.get(deadline) ?? []);
      for (const but of gathers) {
        const join = this.#machine.arrivals.joinAt.get(but);
        if (join !== undefined && !isClosed(state, join)) waiting.push({ join, but });
      }
    }
  }

  #includeDependent(index: number): void {
    const { writes, reads, writers, readers } = this.#dependence;
    for (const at of writes[index] ?? []) {
      this.#include(writers[at] ?? []);
      this.#include(readers[at] ?? []);
    }
    for (const at of reads[index] ?? []) this.#include(writers[at] ?? []);
  }

  #include(sources: readonly number[]): void {
    this.#looks += sources.length;
    for (const index of sources) {
      if (this.#inSet[index] === this.#sets) continue;
      this.#inSet[index] = this.#sets;
      this.#open.push(index);
    }
  }

  /**
   * Returns what the set still lacks to hold every source of one event that the join waits for, and
   * of the event for which that is least.
   */
  #keyTo(state: Uint8Array, { join, but }: Waiting): readonly number[] {
    const { gatherAt, parts, optional } = join;
    let best: readonly number[] | undefined;
    const waitsForAny = but < 0 && optional.every((one) => one);
    const all: number[] = [];
    for (let part = 0; part < parts; part++) {
      if (gatherAt + part === but || state[gatherAt + part] !== 0) continue;
      if (optional[part] && !waitsForAny) continue;
      const lacking = this.#lacking(state, this.#dependence.gatherers.get(gatherAt + part) ?? []);
      all.push(...lacking);
      if (best === undefined || lacking.length < best.length) best = lacking;
    }
    // Any event runs a join of which every event is optional.
    return waitsForAny ? all : (best ?? []);
  }

  #lacking(state: Uint8Array, sources: readonly number[]): readonly number[] {
    this.#looks += sources.length;
    return sources.filter((index) => {
      const source = this.#sources[index];
      return (
        this.#inSet[index] !== this.#sets &&
        source !== undefined &&
        !this.#machine.isOver(state, source)
      );
    });
  }
}
