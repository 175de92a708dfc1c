import { OdoriError } from "../contract/errors.ts";
import type { Ticket } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { Probe } from "./crash-points.ts";
import {
  BrokenGroupError,
  type DetachedRun,
  Group,
  type GroupResult,
  HANDLER_BUDGET_MS,
} from "./group.ts";
import { Lane } from "./lane.ts";
import { Pace } from "./pace.ts";
import type { HandOver, Publisher } from "./publisher.ts";
import { finish, runAlone, runExclusively, type SoloResult } from "./solo.ts";
import type { Task } from "./task.ts";

export interface WorkerParts<Native> {
  readonly store: Store<Native>;
  readonly publisher: Publisher;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly batchMax: number;
  readonly probe: Probe;
  /** Called when a commit has put something off that will be due after `delayMs`. */
  readonly onDeferred: (delayMs: number) => void;
}

/** Pause before a task that met another transaction is tried again, in milliseconds. */
const CONFLICT_PAUSE_MS = 20;

/**
 * Handles a service's tasks. A saga belongs to a lane by its hash, so it is never in two; each lane
 * commits in groups. Slow handlers, and those that met another transaction, run by themselves.
 */
export class Worker<Native> {
  /** Why the store could not be used the last time; undefined when it could. */
  problem: StoreUnavailableError | undefined;
  readonly #parts: WorkerParts<Native>;
  readonly #lanes: readonly Lane<Native>[];
  readonly #pace = new Pace();
  /** Tasks that run by themselves, by saga. Later tasks of the saga wait for them. */
  readonly #alone = new Map<string, Task<Native>[]>();
  readonly #soloRuns = new Set<Promise<void>>();
  readonly #detached = new Set<DetachedRun<Native>>();
  #stopping = false;

  constructor(parts: WorkerParts<Native>) {
    this.#parts = parts;
    this.#lanes = Array.from({ length: parts.store.lanes }, () => {
      const lane: Lane<Native> = new Lane(parts.batchMax, (batch) => this.#commit(lane, batch));
      return lane;
    });
  }

  add(task: Task<Native>): void {
    const held = this.#alone.get(task.receipt.sagaId);
    if (held !== undefined) held.push(task);
    else if (task.recover !== undefined && this.#pace.isSlow(task.receipt.reaction))
      this.#runAlone(task, 0);
    else this.#laneOf(task).add(task);
  }

  /** How many tasks wait for a commit to come. */
  get waiting(): number {
    let waiting = 0;
    for (const lane of this.#lanes) waiting += lane.waiting;
    for (const held of this.#alone.values()) waiting += held.length;
    return waiting;
  }

  /** Deletes outbox rows that the bus has taken, when no commit is under way that would do so. */
  async flush(): Promise<void> {
    if (this.#parts.publisher.answered === 0 || this.#lanes.some((lane) => lane.busy)) return;
    const confirm = this.#parts.publisher.takeAnswered();
    try {
      this.#committed(await this.#group([], confirm), confirm);
    } catch (error) {
      this.#parts.publisher.putBack(confirm);
      throw error;
    }
  }

  /**
   * Resolves when nothing is under way, or when every handler that still runs was given up,
   * `limitMs` milliseconds later.
   */
  async stop(limitMs: number): Promise<void> {
    this.#stopping = true;
    const over = new Promise<void>((resolve) => {
      const cancel = this.#parts.environment.timer(limitMs, resolve);
      void this.idle().then(() => {
        cancel();
        resolve();
      });
    });
    await over;
    const error = new OdoriError("STOPPED", "The service was stopped while the handler ran.");
    const running = [...this.#detached];
    for (const { task, scope } of running) {
      scope.cancel(error);
      task.completion.failed(error);
    }
    await Promise.all(running.map(({ tx }) => tx.abandon()));
  }

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    while (this.#soloRuns.size > 0 || this.#lanes.some((lane) => lane.busy)) {
      await Promise.all([...this.#soloRuns, ...this.#lanes.map((lane) => lane.idle())]);
    }
  }

  #laneOf({ receipt }: Task<Native>): Lane<Native> {
    const lane = this.#lanes[hashOf(receipt.sagaId) % this.#lanes.length] ?? this.#lanes[0];
    if (lane === undefined) throw new OdoriError("OPTION_INVALID", "The store has no lanes.");
    return lane;
  }

  #group(tasks: readonly Task<Native>[], confirm: readonly Ticket[]): Promise<GroupResult<Native>> {
    const isHeld = ({ receipt }: Task<Native>) => this.#alone.has(receipt.sagaId);
    return new Group({ ...this.#parts, isHeld }).commit(tasks, confirm);
  }

  /** Commits a batch. Returns what stays in the lane's queue. */
  async #commit(
    lane: Lane<Native>,
    batch: readonly Task<Native>[],
  ): Promise<readonly Task<Native>[]> {
    const confirm = this.#parts.publisher.takeAnswered();
    let result: GroupResult<Native>;
    try {
      result = await this.#group(batch, confirm);
    } catch (error) {
      this.#parts.publisher.putBack(confirm);
      return this.#undone(batch, error);
    }
    this.#committed(result, confirm);
    for (const run of result.detached) this.#goOn(run);
    for (const task of result.alone) {
      this.#pace.slow(task.receipt.reaction);
      this.#moveAlone(task);
    }
    if (result.alone.length + result.busy.length > 0) lane.shrink();
    for (const task of result.busy) this.#later(task);
    const [held, rest] = partition(result.rest, ({ receipt }) => this.#alone.has(receipt.sagaId));
    for (const task of held) this.#alone.get(task.receipt.sagaId)?.push(task);
    return rest;
  }

  #committed(result: GroupResult<Native>, confirm: readonly Ticket[]): void {
    const { logger, probe } = this.#parts;
    probe("committed");
    this.#usable();
    this.#publish(result.handOvers, result.nextDueMs);
    for (const { task, error } of result.recoveries) report(logger, task, error);
    for (const task of result.done) task.completion.done();
    for (const { task, error } of result.refused) task.completion.failed(error);
    probe("acknowledged");
    if (confirm.length > 0) probe("confirmed");
  }

  /** Nothing of the batch was committed. Returns what stays in the lane's queue. */
  #undone(batch: readonly Task<Native>[], error: unknown): readonly Task<Native>[] {
    if (error instanceof StoreUnavailableError) {
      this.#refuse(batch, error);
      return [];
    }
    const culprit = error instanceof BrokenGroupError ? error.culprit : undefined;
    const [alone, rest] = partition(batch, (task) => culprit === undefined || task === culprit);
    // Without a culprit the commit itself has failed: each by itself, so that only one pays.
    for (const task of alone) this.#moveAlone(task);
    return rest;
  }

  /** Runs a task by itself, or puts it behind the one of its saga that already does. */
  #moveAlone(task: Task<Native>): void {
    const held = this.#alone.get(task.receipt.sagaId);
    if (held === undefined) this.#runAlone(task, 0);
    else held.push(task);
  }

  #runAlone(task: Task<Native>, conflicts: number): void {
    this.#hold(task);
    const run = conflicts === 0 ? runAlone : runExclusively;
    const { now } = this.#parts.environment;
    const began = now();
    const finished = run(this.#parts, task).then((result) => {
      if (result.kind === "committed" && now() - began < HANDLER_BUDGET_MS / 2)
        this.#pace.quick(task.receipt.reaction);
      return this.#finished(task, result, conflicts);
    });
    this.#track(finished, task);
  }

  /** A detached handler goes on with a transaction of its own. */
  #goOn(run: DetachedRun<Native>): void {
    const { task } = run;
    this.#pace.slow(task.receipt.reaction);
    this.#hold(task);
    this.#detached.add(run);
    const finished = finish(this.#parts, run).then((result) => {
      this.#detached.delete(run);
      return this.#finished(task, result, 0);
    });
    this.#track(finished, task);
  }

  #finished(task: Task<Native>, result: SoloResult<Native>, conflicts: number): void {
    const { completion } = task;
    if (this.#stopping && result.kind === "again") {
      completion.failed(new OdoriError("STOPPED", "The service was stopped."));
      return this.#release(task);
    }
    switch (result.kind) {
      case "committed":
        this.#usable();
        this.#parts.probe("committed");
        this.#publish(result.handOver === undefined ? [] : [result.handOver], result.nextDueMs);
        completion.done();
        this.#parts.probe("acknowledged");
        return this.#release(task);
      case "settled":
        this.#release(task);
        return this.#laneOf(task).add(task);
      case "again": {
        const again = () => this.#runAlone(task, conflicts + 1);
        this.#parts.environment.timer(CONFLICT_PAUSE_MS, again);
        return;
      }
      case "failed":
        this.#release(task);
        return this.#recover(task, result.error, result.recovery);
    }
  }

  #recover(task: Task<Native>, error: unknown, recovery: Task<Native> | undefined): void {
    if (error instanceof StoreUnavailableError) this.#refuse([task], error);
    else if (recovery === undefined) task.completion.failed(error);
    else {
      report(this.#parts.logger, recovery, error);
      this.#laneOf(recovery).add(recovery);
    }
  }

  /** From now on tasks of this saga wait for the one that runs by itself. */
  #hold({ receipt }: Task<Native>): void {
    if (!this.#alone.has(receipt.sagaId)) this.#alone.set(receipt.sagaId, []);
  }

  #release({ receipt }: Task<Native>): void {
    const held = this.#alone.get(receipt.sagaId) ?? [];
    this.#alone.delete(receipt.sagaId);
    for (const task of held) this.add(task);
  }

  /** Another process holds the saga of the task: it is tried again a little later. */
  #later(task: Task<Native>): void {
    const add = () => this.add(task);
    this.#parts.environment.timer(CONFLICT_PAUSE_MS, add);
  }

  #track(run: Promise<void>, task: Task<Native>): void {
    const tracked: Promise<void> = run
      .catch((error: unknown) => {
        this.#release(task);
        this.#recover(task, error, task.recover?.(error));
      })
      .finally(() => this.#soloRuns.delete(tracked));
    this.#soloRuns.add(tracked);
  }

  #publish(handOvers: readonly HandOver[], nextDueMs: number | undefined): void {
    for (const handOver of handOvers) this.#parts.publisher.publish(handOver);
    if (nextDueMs !== undefined) this.#parts.onDeferred(nextDueMs);
  }

  #refuse(tasks: readonly Task<Native>[], error: StoreUnavailableError): void {
    if (this.problem === undefined)
      this.#parts.logger.error("the database cannot be used", { code: error.code, error });
    this.problem = error;
    for (const task of tasks) task.completion.failed(error);
  }

  #usable(): void {
    if (this.problem !== undefined) this.#parts.logger.info("the database can be used again");
    this.problem = undefined;
  }
}

function report(
  logger: Logger,
  task: { readonly fields: Task<unknown>["fields"] },
  error: unknown,
): void {
  logger.warn("a delivery failed", { ...task.fields, error });
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function partition<T>(
  items: readonly T[],
  fits: (item: T) => boolean,
): readonly [readonly T[], readonly T[]] {
  return [items.filter(fits), items.filter((item) => !fits(item))];
}
