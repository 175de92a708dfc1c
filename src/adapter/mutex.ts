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

  /** Settles as `task` does. A task that rejects does not affect the tasks behind it. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => {});
    return result;
  }
}
