import { StoreUnavailableError } from "../ports/errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import { commitBatch } from "./batch.ts";
import type { Probe } from "./crash-points.ts";
import type { Publisher } from "./publisher.ts";
import type { Task } from "./task.ts";

export interface WorkerParts<Native> {
  readonly store: Store<Native>;
  readonly publisher: Publisher;
  readonly logger: Logger;
  readonly batchMax: number;
  readonly probe: Probe;
  /** Called when a commit has put something off that will be due after so long. */
  readonly onDeferred: (delayMs: number) => void;
}

/**
 * Handles a service's tasks, in batches that form by themselves: while one commit is under way,
 * what comes in queues up, and the next commit takes all of it, at most `batchMax`. So an idle
 * service waits for no timer, and a busy one commits rarely.
 */
export class Worker<Native> {
  /** Why the store could not be used the last time; undefined when it could. */
  problem: StoreUnavailableError | undefined;
  readonly #store: Store<Native>;
  readonly #publisher: Publisher;
  readonly #logger: Logger;
  readonly #batchMax: number;
  readonly #probe: Probe;
  #queue: Task<Native>[] = [];
  #running: Promise<void> | undefined;
  readonly #onDeferred: (delayMs: number) => void;

  constructor(parts: WorkerParts<Native>) {
    this.#store = parts.store;
    this.#publisher = parts.publisher;
    this.#logger = parts.logger;
    this.#batchMax = parts.batchMax;
    this.#probe = parts.probe;
    this.#onDeferred = parts.onDeferred;
  }

  add(task: Task<Native>): void {
    this.#queue.push(task);
    this.#running ??= this.#run();
  }

  /** How many tasks wait for a commit to come. */
  get waiting(): number {
    return this.#queue.length;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /**
   * Deletes outbox rows that were answered for, when no commit is under way that would do it
   * anyway.
   */
  async flush(): Promise<void> {
    if (this.busy || this.#publisher.answered === 0) return;
    await this.#commit([]);
  }

  /** Resolves once nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    // What was handed over in the same turn of the event loop belongs to the same batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch =
        this.#queue.length <= this.#batchMax ? this.#queue : this.#queue.slice(0, this.#batchMax);
      this.#queue = this.#queue.slice(batch.length);
      await this.#handle(batch);
    }
    this.#running = undefined;
  }

  async #handle(batch: readonly Task<Native>[]): Promise<void> {
    try {
      await this.#commit(batch);
    } catch (error) {
      if (batch.length === 1 && batch[0] !== undefined) return this.#failed(batch[0], error);
      if (error instanceof StoreUnavailableError) return this.#refuse(batch, error);
      // One of them has failed, or two were the same delivery. The commit is undone: each on its
      // own now, so that only the culprit pays.
      for (const task of batch) await this.#handle([task]);
    }
  }

  async #failed(task: Task<Native>, error: unknown): Promise<void> {
    if (error instanceof StoreUnavailableError) return this.#refuse([task], error);
    const recovery = task.recover?.(error);
    if (recovery === undefined) {
      task.completion.failed(error);
      return;
    }
    this.#logger.warn("a delivery failed", { ...recovery.fields, error });
    try {
      await this.#commit([recovery]);
    } catch (second) {
      if (second instanceof StoreUnavailableError) return this.#refuse([task], second);
      this.#logger.error("a failure could not be recorded", { ...task.fields, error: second });
      task.completion.failed(second);
    }
  }

  #refuse(batch: readonly Task<Native>[], error: StoreUnavailableError): void {
    if (this.problem === undefined)
      this.#logger.error("the database cannot be used", { code: error.code, error });
    this.problem = error;
    for (const task of batch) task.completion.failed(error);
  }

  async #commit(tasks: readonly Task<Native>[]): Promise<void> {
    const confirm = this.#publisher.takeAnswered();
    try {
      const { handOvers, nextDueMs } = await commitBatch(this.#store, tasks, confirm, this.#probe);
      this.#probe("committed");
      for (const handOver of handOvers) this.#publisher.publish(handOver);
      if (nextDueMs !== undefined) this.#onDeferred(nextDueMs);
    } catch (error) {
      this.#publisher.putBack(confirm);
      throw error;
    }
    if (this.problem !== undefined) this.#logger.info("the database can be used again");
    this.problem = undefined;
    for (const task of tasks) task.completion.done();
    this.#probe("acknowledged");
    if (confirm.length > 0) this.#probe("confirmed");
  }
}
