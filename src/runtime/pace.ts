/** Deliveries of a reaction that run by themselves after a slow one. */
const SLOW_RUNS = 32;

/**
 * Remembers which reactions have been slow. A slow reaction's deliveries run by themselves; it
 * shares commits again after `SLOW_RUNS` quick runs in a row.
 */
export class Pace {
  readonly #left = new Map<string, number>();

  isSlow(reaction: string): boolean {
    return this.#left.has(reaction);
  }

  slow(reaction: string): void {
    this.#left.set(reaction, SLOW_RUNS);
  }

  quick(reaction: string): void {
    const left = this.#left.get(reaction);
    if (left === undefined) return;
    if (left > 1) this.#left.set(reaction, left - 1);
    else this.#left.delete(reaction);
  }
}
