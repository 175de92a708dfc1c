import type { Task } from "./task.ts";
import { taskKey } from "./task-key.ts";

/** Why a handler has lost its connection. */
export interface Loss {
  readonly error: unknown;
}

/** How often a delivery may lose its connection, one time after the other, in one attempt. */
const LOSSES_MAX = 3;
/** How many deliveries are remembered that have lost theirs. */
const REMEMBERED_MAX = 10_000;

/**
 * Deliveries whose handlers have lost their connection. That is an outage of the database, and no
 * attempt. But a statement may end the connection each time, or the server with it: after some
 * losses the delivery has failed, without another run. A delivery that the bus brings again
 * meanwhile, because the database was away, is the same one.
 */
export class Losses {
  readonly #losses = new Map<string, { readonly error: unknown; readonly times: number }>();

  /** A run of the task has lost its connection. */
  note(task: Task<unknown>, error: unknown): void {
    const key = taskKey(task);
    const times = (this.#losses.get(key)?.times ?? 0) + 1;
    if (this.#losses.size >= REMEMBERED_MAX) this.#losses.clear();
    this.#losses.set(key, { error, times });
  }

  /** Whether the task may lose its connection again: it shares none with others. */
  has(task: Task<unknown>): boolean {
    return this.#losses.size > 0 && this.#losses.has(taskKey(task));
  }

  /** What the task has failed with, if it has lost its connection too often. */
  of(task: Task<unknown>): Loss | undefined {
    if (this.#losses.size === 0) return undefined;
    const known = this.#losses.get(taskKey(task));
    return known !== undefined && known.times >= LOSSES_MAX ? known : undefined;
  }

  /** The task has ended otherwise. */
  forget(task: Task<unknown>): void {
    if (this.#losses.size > 0) this.#losses.delete(taskKey(task));
  }
}
