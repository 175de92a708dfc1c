/** Deliveries of a reaction that run by themselves after a slow one. */
const SLOW_RUNS = 16;
/**
 * Runs by themselves after which a slow reaction shares groups again, even if none was quick: while
 * many run, each waits for a connection. It is twice as many each time that it is slow again.
 */
const TRIAL_RUNS = { first: 64, most: 4_096 } as const;
/** Runs within which a second slow one makes a reaction slow: one alone may be chance. */
const WATCHED_RUNS = 64;
/** Runs of at most one flight in a row, after which a reaction's handlers travel together. */
const SINGLE_RUNS = 8;
/** Runs in turn that a wrong guess costs, beside those. */
const WRONG_GUESS_RUNS = 64;

/** A reaction whose deliveries run by themselves. */
interface Slow {
  quickLeft: number;
  trialIn: number;
}

/** How many handlers share a savepoint: this is what a failure costs at most. */
const TOGETHER = { first: 16, least: 8, most: 128 } as const;

/**
 * Remembers how the reactions of a service run: which are slow, and whose statements travel in one
 * flight. It only steers the speed: a wrong guess is undone before anything is committed.
 */
export class Pace {
  readonly #slow = new Map<string, Slow>();
  /** After how many runs the next slow time of a reaction ends; absent: `TRIAL_RUNS.first`. */
  readonly #trials = new Map<string, number>();
  /** Reactions that have been slow once lately: how many quick runs until that is forgotten. */
  readonly #watched = new Map<string, number>();
  readonly #single = new Map<string, number>();
  #together: number = TOGETHER.first;
  /** Beyond this number, one more travels along after each success. */
  #steady: number = TOGETHER.most;

  /** A slow reaction's deliveries run by themselves. */
  isSlow(reaction: string): boolean {
    return this.#slow.has(reaction);
  }

  /** After two slow runs, `SLOW_RUNS` quick ones have to follow, or a trial. */
  slow(reaction: string): void {
    const slow = this.#slow.get(reaction);
    if (slow !== undefined) slow.quickLeft = SLOW_RUNS;
    else if (this.#watched.delete(reaction)) {
      const trialIn = this.#trials.get(reaction) ?? TRIAL_RUNS.first;
      this.#trials.set(reaction, Math.min(TRIAL_RUNS.most, trialIn * 2));
      this.#slow.set(reaction, { quickLeft: SLOW_RUNS, trialIn });
    } else this.#watched.set(reaction, WATCHED_RUNS);
  }

  /** A delivery was committed by itself. */
  ranAlone(reaction: string, { quick }: { readonly quick: boolean }): void {
    const slow = this.#slow.get(reaction);
    if (slow === undefined) return;
    if (quick) slow.quickLeft--;
    slow.trialIn--;
    if (slow.quickLeft > 0 && slow.trialIn > 0) return;
    this.#slow.delete(reaction);
    // In a trial, the first slow run is enough.
    if (slow.quickLeft > 0) this.#watched.set(reaction, WATCHED_RUNS);
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
    const more = this.#together * 2;
    const next = more > this.#steady ? Math.max(this.#steady, this.#together + 1) : more;
    this.#together = Math.min(TOGETHER.most, next);
  }

  /** That many `statements` were too many for the time: half as many travel together. */
  overdue(statements: number): void {
    this.#steady = Math.max(1, statements >> 1);
    this.#together = this.#steady;
  }

  /** A handler of the reaction made those that travelled with it run again. */
  stumbled(reaction: string): void {
    this.#together = TOGETHER.least;
    this.#single.set(reaction, 0);
  }

  /** A handler of the reaction has run, and its statements took that number of `flights`. */
  ran(reaction: string, flights: number): void {
    const left = this.#watched.get(reaction);
    if (left === 1) {
      this.#watched.delete(reaction);
      this.#trials.delete(reaction);
    }
    if (left !== undefined && left > 1) this.#watched.set(reaction, left - 1);
    const runs = this.#single.get(reaction) ?? 0;
    if (flights > 1) this.#single.set(reaction, -WRONG_GUESS_RUNS);
    else if (runs < SINGLE_RUNS) this.#single.set(reaction, runs + 1);
  }
}
