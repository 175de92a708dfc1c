/** Most that is spent at once, in milliseconds. */
const MOST_MS = 5_000;
/** The part of the time that passes which may be spent. */
const SHARE = 0.5;

/** Limits a kind of work to half of the time, beside what was not used before. */
export class Allowance {
  #left = MOST_MS;
  #at = performance.now();

  isSpent(now: number): boolean {
    this.#left = Math.min(MOST_MS, this.#left + (now - this.#at) * SHARE);
    this.#at = now;
    return this.#left <= 0;
  }

  spend(ms: number): void {
    this.#left -= ms;
  }
}
