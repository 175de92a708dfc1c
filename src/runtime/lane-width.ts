/**
 * Above this share of handlers that are awaited in turn, all lanes are used: while one waits for
 * the database, another works. Below it one lane commits larger groups, which costs less.
 */
const WAITING_SHARE = 0.5;
const GROUPS_REMEMBERED = 8;

/**
 * Groups after which twice as many lanes are tried: four times as many after each failure, half as
 * many after each success.
 */
const CALM_GROUPS = { first: 64, most: 8_192 } as const;

/** What tells how many lanes to use. */
export interface Commit {
  /** How many handlers were awaited in turn, of those that have begun. */
  readonly inTurn: number;
  readonly begun: number;
  /** How many have met another transaction. */
  readonly contended: number;
  /** Whether one of them has waited for another group of this process. */
  readonly crowded: boolean;
}

/**
 * How many lanes of a service work. Lanes whose handlers want the same rows only wait for each
 * other, so half of them rest when one has waited long.
 */
export class LaneWidth {
  readonly #most: number;
  /** The share of handlers that were awaited in turn, of the last groups. */
  #waiting = 0;
  #useful = 1;
  #calm = 0;
  #patience: number = CALM_GROUPS.first;

  /** `most` is how many lanes there are. */
  constructor(most: number) {
    this.#most = most;
  }

  get lanes(): number {
    return this.#waiting > WAITING_SHARE ? this.#useful : 1;
  }

  committed({ inTurn, begun, contended, crowded }: Commit): void {
    // While a lane waits for a lock that another session holds, its other deliveries wait as well.
    const blocked = contended > 0 && !crowded;
    const waiting = blocked ? 1 : inTurn / begun;
    if (begun > 0) this.#waiting += (waiting - this.#waiting) / GROUPS_REMEMBERED;
    if (blocked) this.#useful = Math.min(this.#most, this.#useful * 2);
    // One lane meets only handlers that run by themselves.
    if (crowded && this.#useful > 1) {
      this.#useful >>= 1;
      this.#patience = Math.min(CALM_GROUPS.most, this.#patience * 4);
      this.#calm = 0;
    } else if (!crowded && ++this.#calm >= this.#patience) {
      this.#useful = Math.min(this.#most, this.#useful * 2);
      this.#patience = Math.max(CALM_GROUPS.first, this.#patience >> 1);
      this.#calm = 0;
    }
  }
}
