/**
 * Bounds how many pieces of work run at once, first come, first served.
 *
 * @example
 * ```ts
 * import { type Deliver, type Incoming, Semaphore } from "odori/adapter";
 *
 * async function deliverAll(list: readonly Incoming[], deliver: Deliver): Promise<void> {
 *   const semaphore = new Semaphore(400);
 *   for (const incoming of list) {
 *     await semaphore.take();
 *     deliver(incoming).finally(() => semaphore.free());
 *   }
 *   await semaphore.idle();
 * }
 * ```
 */
export class Semaphore {
  readonly #max: number;
  #taken = 0;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  /** At most `max` places are taken at once. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves once a place is free, and takes it. The caller gives it back with `free`. */
  async take(): Promise<void> {
    if (this.#taken >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
  }

  /** Gives one place back; the call of `take` that has waited longest gets it. */
  free(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next();
      return;
    }
    this.#taken--;
    if (this.#taken > 0) return;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  /** Resolves once no place is taken. */
  async idle(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
