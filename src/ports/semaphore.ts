/**
 * Lets at most so many things run at once, in the order in which they came, and tells when none
 * does.
 */
export class Semaphore {
  readonly #max: number;
  #taken = 0;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Resolves once there is room; whoever has waited for it gives it back with `free`. */
  async take(): Promise<void> {
    if (this.#taken >= this.#max) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#taken++;
  }

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

  /** Resolves once nothing runs. */
  async idle(): Promise<void> {
    if (this.#taken > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
