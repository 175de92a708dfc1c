/**
 * Runs tasks one after the other, in the order of the calls.
 *
 * @example
 * ```ts
 * import { Mutex } from "odori/adapter";
 *
 * const writer = new Mutex();
 * await writer.run(async () => console.log("the first"));
 * await writer.run(async () => console.log("then the second"));
 * ```
 */
export class Mutex {
  #tail: Promise<unknown> = Promise.resolve();
  #users = 0;

  /** Whether a task runs or waits. */
  get busy(): boolean {
    return this.#users > 0;
  }

  /** Settles as `task` does. A task that rejects does not affect the tasks behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#inTurn(this.#tail, task);
    this.#tail = result.then(settled, settled);
    return result;
  }

  async #inTurn<T>(before: Promise<unknown>, task: () => Promise<T>): Promise<T> {
    this.#users++;
    await before;
    try {
      return await task();
    } finally {
      this.#users--;
    }
  }

  /**
   * Takes the mutex at once, if no task runs or waits. Returns what gives it back; undefined if
   * the mutex is taken.
   */
  tryAcquire(): (() => void) | undefined {
    if (this.#users > 0) return undefined;
    this.#users++;
    let release = () => {};
    this.#tail = new Promise<void>((resolve) => {
      release = resolve;
    });
    return () => {
      this.#users--;
      release();
    };
  }
}

function settled(): void {}
