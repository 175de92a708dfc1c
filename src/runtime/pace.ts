/** Deliveries of a reaction that run by themselves after a slow one. */
const SLOW_RUNS = 16;
/** Runs within which a second slow one makes a reaction slow: one alone may be chance. */
const WATCHED_RUNS = 64;
/** Runs of at most one flight in a row, after which a reaction's handlers travel together. */
const SINGLE_RUNS = 8;
/** Runs in turn that a wrong guess costs, beside those. */
const WRONG_GUESS_RUNS = 64;

/** How many handlers share a savepoint: this is what a failure costs at most. */
const TOGETHER = { first: 16, least: 8, most: 128 } as const;

/**
 * Remembers how the reactions of a service run: which are slow, and whose statements travel in one
 * flight. It only steers the speed: a wrong guess is undone before anything is committed.
 */
export class Pace {
  readonly #slow = new Map<string, number>();
  /** Reactions that have been slow once lately: how many quick runs until that is forgotten. */
  readonly #watched = new Map<string, number>();
  readonly #single = new Map<string, number>();
  #together: number = TOGETHER.first;

  /** A slow reaction's deliveries run by themselves. */
  isSlow(reaction: string): boolean {
    return this.#slow.has(reaction);
  }

  /** After two slow runs, `SLOW_RUNS` quick ones have to follow. */
  slow(reaction: string): void {
    if (this.#slow.has(reaction) || this.#watched.delete(reaction))
      this.#slow.set(reaction, SLOW_RUNS);
    else this.#watched.set(reaction, WATCHED_RUNS);
  }

  quick(reaction: string): void {
    const left = this.#slow.get(reaction);
    if (left === undefined) return;
    if (left > 1) this.#slow.set(reaction, left - 1);
    else this.#slow.delete(reaction);
  }

  /** Handlers of one flight each may have it sent along with those of others. */
  travelsTogether(reaction: string): boolean {
    return (this.#single.get(reaction) ?? 0) >= SINGLE_RUNS;
  }

  /** How many handlers may travel together. */
  get together(): number {
    return this.#together;
  }

  /** All that travelled together were kept: more may do so. */
  arrived(): void {
    this.#together = Math.min(TOGETHER.most, this.#together * 2);
  }

  /** A handler of the reaction made those that travelled with it run again. */
  stumbled(reaction: string): void {
    this.#together = TOGETHER.least;
    this.#single.set(reaction, 0);
  }

  /** A handler of the reaction has run, and its statements took that number of `flights`. */
  ran(reaction: string, flights: number): void {
    const left = this.#watched.get(reaction);
    if (left === 1) this.#watched.delete(reaction);
    else if (left !== undefined) this.#watched.set(reaction, left - 1);
    const runs = this.#single.get(reaction) ?? 0;
    if (flights > 1) this.#single.set(reaction, -WRONG_GUESS_RUNS);
    else if (runs < SINGLE_RUNS) this.#single.set(reaction, runs + 1);
  }
}
