import { nextTick } from "node:process";
import { setImmediate } from "node:timers";
import type { Environment } from "../ports/environment.ts";
import type { Task } from "./task.ts";

/**
 * How long a lane works before it lets the event loop turn, in milliseconds. A database that
 * answers at once, as SQLite does, would else let no timer and no socket have its turn.
 */
const TURN_MS = 20;

/**
 * Resolves once no promise callback waits to run. As `setImmediate` it is imported: a fake clock
 * that replaces the globals would hold the lane up.
 */
function microtasks(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve));
}

/** Resolves once the event loop has turned. */
function turned(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Handles a batch. Resolves with the tasks that stay in the queue, to be handled next. */
export type HandleBatch<Native> = (
  batch: readonly Task<Native>[],
) => Promise<readonly Task<Native>[]>;

/**
 * A queue of tasks, handled in batches that form by themselves: tasks that arrive while one commit
 * is under way share the next one. An idle lane waits for no timer, and a busy one commits rarely.
 */
export class Lane<Native> {
  readonly #environment: Pick<Environment, "now" | "turn">;
  readonly #handle: HandleBatch<Native>;
  readonly #batchMax: number;
  #turnedAt: number;
  #batch: number;
  #queue: Task<Native>[] = [];
  #running: Promise<void> | undefined;

  /** `batchMax` bounds the tasks of one batch. */
  constructor(
    environment: Pick<Environment, "now" | "turn">,
    batchMax: number,
    handle: HandleBatch<Native>,
  ) {
    this.#environment = environment;
    this.#turnedAt = environment.now();
    this.#handle = handle;
    this.#batchMax = batchMax;
    this.#batch = batchMax;
  }

  add(task: Task<Native>): void {
    this.#queue.push(task);
    this.#running ??= this.#run();
  }

  /** Takes what waits out of the queue. */
  take(): readonly Task<Native>[] {
    return this.#queue.splice(0);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Halves the next batches, which then grow again: this one has met another transaction. */
  shrink(): void {
    this.#batch = Math.max(1, this.#batch >> 1);
  }

  /** Resolves when nothing is under way and the queue is empty. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // Tasks that arrive in the same turn of the event loop belong to the same batch.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.splice(0, this.#batch);
        this.#batch = Math.min(this.#batchMax, this.#batch + 1);
        let rest: readonly Task<Native>[] = [];
        try {
          rest = await this.#handle(batch);
        } catch (error) {
          // A failure of the handling itself belongs to its batch: the tasks behind it go on.
          for (const task of batch) task.completion.failed(error);
        }
        if (rest.length > 0) this.#queue.unshift(...rest);
        if (this.#environment.now() - this.#turnedAt >= TURN_MS) await this.#turn();
        // What the last commit has set off shares the next one with a remainder.
        if (this.#queue.length < this.#batch) await microtasks();
      }
    } finally {
      this.#running = undefined;
    }
  }

  /** Lets the event loop turn: it may not have done so for a while. */
  async #turn(): Promise<void> {
    await (this.#environment.turn ?? turned)();
    this.#turnedAt = this.#environment.now();
  }
}
