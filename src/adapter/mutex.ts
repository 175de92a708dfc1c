/**
 * Runs tasks one after the other, in the order of the calls. A task begins within the call where
 * no other one runs.
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
  #taken = false;
  /** Each begins a task that waits. The mutex stays taken from one task to the next. */
  readonly #waiting: (() => void)[] = [];

  /** Whether a task runs or waits. */
  get busy(): boolean {
    return this.#taken;
  }

  /** Settles as `task` does. A task that fails does not affect the tasks behind it. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    if (!this.#taken) return this.#begin(task);
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() =>
      this.#begin(task),
    );
  }

  /** Without an async function: a store runs each of its calls here. */
  #begin<T>(task: () => T | Promise<T>): Promise<T> {
    this.#taken = true;
    let result: T | Promise<T>;
    try {
      result = task();
    } catch (error) {
      this.#release();
      return Promise.reject(error);
    }
    if (result instanceof Promise) {
      return result.then(
        (value) => {
          this.#release();
          return value;
        },
        (error: unknown) => {
          this.#release();
          throw error;
        },
      );
    }
    this.#release();
    return Promise.resolve(result);
  }

  /**
   * Takes the mutex at once, if no task runs or waits. Returns what gives it back; undefined if
   * the mutex is taken.
   */
  tryAcquire(): (() => void) | undefined {
    if (this.#taken) return undefined;
    this.#taken = true;
    return () => this.#release();
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken = false;
    else next();
  }
}
