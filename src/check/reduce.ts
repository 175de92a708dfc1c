import type { Dependence } from "./dependence.ts";
import type { TransitionSource } from "./model.ts";

/**
 * Looks at pending transitions for one choice. Where so many are pending that it takes more, all of
 * them are explored instead.
 */
const LOOKS_MAX = 200_000;

/**
 * Chooses which of the enabled transitions to explore now, so that every end of a saga is still
 * reached: a persistent set (Godefroid, "Partial-Order Methods", 1996). It is closed: nothing
 * outside of it can ever lead to a transition that depends on one inside.
 */
export class Reducer {
  readonly #dependence: Dependence;
  /** The classes of the set that is being closed: as bits, and as a list. */
  readonly #mask: Uint32Array;
  readonly #listed: number[] = [];
  #looks = 0;

  constructor(dependence: Dependence) {
    this.#dependence = dependence;
    this.#mask = new Uint32Array(dependence.words);
  }

  /**
   * `certain` will happen, sooner or later; `possible` may never happen (an arrival, a message that
   * comes again). What may never happen must not be chosen alone, since then its absence would not
   * be explored.
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

  /** The smallest closed set with a class in it; undefined when it gets as large as `limit`. */
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
    // Mostly there are few classes, and then it is quicker to ask for each.
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
