import type { Ahead, LookAhead, LookLimits } from "./look-ahead.ts";

/** Looks that are kept. */
const KEPT_MAX = 1_000;

/**
 * Looks ahead once for each position: thousands of sagas stand in the same few states. A look that
 * was not complete is not kept, since another one may have more time.
 */
export class Remembered {
  readonly #ahead: LookAhead;
  readonly #kept = new Map<string, Ahead>();

  constructor(ahead: LookAhead) {
    this.#ahead = ahead;
  }

  from(states: readonly Uint8Array[], limits: LookLimits): Ahead {
    const key = states.map((state) => Buffer.from(state).toString("latin1")).join("");
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    const ahead = this.#ahead.from(states, limits);
    if (!ahead.complete) return ahead;
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, ahead);
    return ahead;
  }
}
