import type { Dependence } from "./dependence.ts";
import type { TransitionSource } from "./model.ts";

/** Limits the work of one choice. Beyond it, every enabled transition is explored. */
const LOOKS_MAX = 200_000;

/**
 * Chooses which enabled transitions to explore, so that every end of a saga is still reached. The
 * choice is a persistent set (Godefroid, "Partial-Order Methods", 1996): no transition outside can
 * lead to one that depends on one inside.
 */
export class Reducer {
  readonly #dependence: Dependence;
  /** The classes of the current set: as bits, and as a list. */
  readonly #mask: Uint32Array;
  readonly #listed: number[] = [];
  #looks = 0;

  constructor(dependence: Dependence) {
    this.#dependence = dependence;
    this.#mask = new Uint32Array(dependence.words);
  }

  /**
   * Returns a subset of the enabled transitions. `certain` ones happen sooner or later; `possible`
   * ones (an arrival, a redelivery) may never happen. These are never chosen alone: their absence
   * would not be explored.
   */
  choose(
    certain: readonly TransitionSource[],
    possible: readonly TransitionSource[],
  ): readonly TransitionSource[] {
    const { classOf } = this.#dependence;
    const all = [...certain, ...possible];
    let best: readonly TransitionSource[] = all;
    const tried = new Set<number>();
    this.#looks = 0;
    for (const seed of certain) {
      const number = classOf[seed.index] ?? -1;
      if (number < 0) return [seed];
      if (tried.has(number)) continue;
      tried.add(number);
      const closed = this.#close(number, all, best.length);
      if (closed !== undefined && closed.length < best.length) best = closed;
      if (best.length === 1 || this.#looks > LOOKS_MAX) break;
    }
    return best;
  }

  /** Returns the smallest closed set with a class in it; undefined if it reaches `limit`. */
  #close(
    seed: number,
    all: readonly TransitionSource[],
    limit: number,
  ): readonly TransitionSource[] | undefined {
    const { classOf } = this.#dependence;
    this.#mask.fill(0);
    this.#listed.length = 0;
    this.#include(seed);
    const inside = new Set<TransitionSource>();
    for (let grown = true; grown; ) {
      grown = false;
      if (this.#looks > LOOKS_MAX) return undefined;
      for (const source of all) {
        if (inside.has(source)) continue;
        this.#looks += this.#listed.length;
        const number = classOf[source.index] ?? -1;
        if (!(number >= 0 && this.#includes(number)) && !this.#leadsInside(source.index)) continue;
        inside.add(source);
        if (inside.size >= limit) return undefined;
        if (number >= 0) this.#include(number);
        grown = true;
      }
    }
    return [...inside];
  }

  #include(number: number): void {
    if (this.#includes(number)) return;
    this.#listed.push(number);
    this.#mask[number >>> 5] = (this.#mask[number >>> 5] ?? 0) | (1 << (number & 31));
  }

  #includes(number: number): boolean {
    return ((this.#mask[number >>> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  #leadsInside(source: number): boolean {
    const { reach, words } = this.#dependence;
    // Few classes are listed in most sets, and a test of each is then faster.
    if (this.#listed.length < words) {
      for (const number of this.#listed)
        if (((reach[source * words + (number >>> 5)] ?? 0) & (1 << (number & 31))) !== 0)
          return true;
      return false;
    }
    for (let word = 0; word < words; word++)
      if (((reach[source * words + word] ?? 0) & (this.#mask[word] ?? 0)) !== 0) return true;
    return false;
  }
}
