import { OdoriError } from "../contract/errors.ts";
import type { NewDeferred } from "../ports/deferred.ts";
import type { Environment } from "../ports/environment.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { ServiceWatch } from "../ports/telemetry.ts";
import { Alone, CONFLICT_PAUSE_MS } from "./alone.ts";
import type { OutboxChanges } from "./answers.ts";
import { BrokenGroupError } from "./broken-group.ts";
import type { Probe } from "./crash-points.ts";
import type { Notice } from "./draft.ts";
import { CommitGroup, type GroupParts, type GroupResult } from "./group.ts";
import { Lane } from "./lane.ts";
import { LaneWidth } from "./lane-width.ts";
import { logNotice } from "./notice.ts";
import { Pace } from "./pace.ts";
import { partition } from "./partition.ts";
import { Pauses } from "./pauses.ts";
import type { HandOver, Publisher } from "./publisher.ts";
import type { Task } from "./task.ts";
import { endsWithin } from "./time-limit.ts";

export interface WorkerParts<Native> {
  readonly service: string;
  readonly store: Store<Native>;
  readonly publisher: Publisher;
  readonly environment: Environment;
  readonly logger: Logger;
  readonly batchMax: number;
  readonly probe: Probe;
  /** Called when a commit has put something off that will be due after `delayMs`. */
  readonly onDeferred: (delayMs: number) => void;
  /** Called when a commit has put off a delivery that the process keeps in hand. */
  readonly onHeld: (row: NewDeferred, seq: number) => void;
  readonly watch: ServiceWatch | undefined;
}

/**
 * Handles a service's tasks. A saga belongs to a lane by its hash; each lane commits in groups.
 * Slow handlers, and those that met another transaction, run by themselves.
 */
export class Worker<Native> {
  /** Why the store could not be used the last time; undefined when it could. */
  problem: StoreUnavailableError | undefined;
  /** How many deliveries came again since the start, and were ignored. */
  duplicates = 0;
  readonly #parts: WorkerParts<Native>;
  readonly #lanes: readonly Lane<Native>[];
  readonly #pace = new Pace();
  readonly #width: LaneWidth;
  readonly #alone: Alone<Native>;
  readonly #groupParts: GroupParts<Native>;
  /** Tasks whose handlers need not run, and so cannot be slow. */
  #settled: WeakSet<Task<Native>> | undefined;
  readonly #pauses: Pauses;
  /** Why no task is taken any more; undefined before. */
  #ended: OdoriError | undefined;

  constructor(parts: WorkerParts<Native>) {
    this.#parts = parts;
    const { store, environment, probe } = parts;
    this.#pauses = new Pauses(environment);
    const lanes: Lane<Native>[] = [];
    while (lanes.length < store.lanes) {
      const lane: Lane<Native> = new Lane(environment, parts.batchMax, (batch) =>
        this.#handle(lane, batch),
      );
      lanes.push(lane);
    }
    this.#lanes = lanes;
    this.#width = new LaneWidth(store.lanes);
    this.#alone = new Alone({
      store,
      environment,
      probe,
      pace: this.#pace,
      add: (task) => this.add(task),
      settled: (task) => {
        this.#settled ??= new WeakSet();
        this.#settled.add(task);
        this.#laneOf(task).add(task);
      },
      committed: (task, { handOver, notices, nextDueMs }) => {
        this.#usable();
        probe("committed");
        this.#publish(handOver === undefined ? [] : [handOver], nextDueMs);
        for (const notice of notices) this.#report(notice);
        parts.watch?.committed(1);
        task.completion.done();
        probe("acknowledged");
      },
      unavailable: (task, error) => this.#refuse([task], error),
      failed: (task, error, recovery) => this.#recover(task, error, recovery),
    });
    const isHeld = (task: Task<Native>) => this.#alone.holds(task);
    this.#groupParts = { store, environment, probe, pace: this.#pace, isHeld };
  }

  add(task: Task<Native>): void {
    if (this.#ended !== undefined) {
      task.completion.failed(this.#ended);
      return;
    }
    if (this.#isSlow(task) || this.#alone.claims(task)) this.#alone.add(task);
    else this.#laneOf(task).add(task);
  }

  #isSlow(task: Task<Native>): boolean {
    if (task.recover === undefined || this.#settled?.has(task)) return false;
    return this.#pace.isSlow(task.receipt.reaction);
  }

  /** How many tasks wait for a commit to come. */
  get waiting(): number {
    const apart = this.#alone.waiting + this.#pauses.size;
    return this.#lanes.reduce((sum, lane) => sum + lane.waiting, apart);
  }

  /** Writes the bus's answers to the outbox, unless a commit is under way that does so. */
  async flush(): Promise<void> {
    if (this.#parts.publisher.answered === 0 || this.#lanes.some((lane) => lane.busy)) return;
    const changes = this.#parts.publisher.takeAnswers();
    try {
      this.#committed(await this.#group([], changes), changes);
    } catch (error) {
      this.#parts.publisher.putBack(changes);
      throw error;
    }
  }

  /** Finishes what is under way; after `limitMs` milliseconds, gives up what still runs. */
  async stop(limitMs: number): Promise<void> {
    const { environment } = this.#parts;
    const idle = await endsWithin(environment, limitMs, this.#idle());
    const ended = new OdoriError("STOPPED", "The service was stopped while the handler ran.");
    this.#ended = ended;
    this.#pauses.end();
    this.#alone.abandon(ended);
    // What was given up still has to be undone.
    if (!idle) await endsWithin(environment, limitMs, this.#idle());
  }

  async #idle(): Promise<void> {
    const lanes = this.#lanes;
    while (this.#alone.busy || this.#pauses.size > 0 || lanes.some((lane) => lane.busy)) {
      const idle = lanes.map((lane) => lane.idle());
      await Promise.all([this.#alone.idle(), this.#pauses.idle(), ...idle]);
    }
  }

  #laneOf({ receipt }: Task<Native>): Lane<Native> {
    const lane = this.#lanes[hashOf(receipt.sagaId) % this.#width.lanes];
    if (lane === undefined) throw new OdoriError("OPTION_INVALID", "The store has no lanes.");
    return lane;
  }

  #group(tasks: readonly Task<Native>[], changes: OutboxChanges): Promise<GroupResult<Native>> {
    return new CommitGroup(this.#groupParts).commit(tasks, changes);
  }

  /** Handles a batch of a lane. Returns what stays in the lane's queue. */
  async #handle(
    lane: Lane<Native>,
    tasks: readonly Task<Native>[],
  ): Promise<readonly Task<Native>[]> {
    const { lanes } = this.#width;
    const rest = await this.#commit(lane, tasks);
    if (this.#width.lanes === lanes) return rest;
    this.#spread(rest);
    return [];
  }

  /** Commits a batch. Returns what is left of it. */
  async #commit(
    lane: Lane<Native>,
    tasks: readonly Task<Native>[],
  ): Promise<readonly Task<Native>[]> {
    if (this.#ended !== undefined) {
      for (const task of tasks) task.completion.failed(this.#ended);
      return [];
    }
    // Their reaction was found to be slow while they waited in the queue.
    const [slow, batch] = partition(tasks, (task) => this.#isSlow(task));
    for (const task of slow) this.#alone.add(task);
    if (batch.length === 0) return [];
    const changes = this.#parts.publisher.takeAnswers();
    let result: GroupResult<Native>;
    try {
      result = await this.#group(batch, changes);
    } catch (error) {
      this.#parts.publisher.putBack(changes);
      return this.#undone(lane, batch, error);
    }
    this.#committed(result, changes);
    this.#width.committed({
      inTurn: result.inTurn,
      begun: batch.length - result.rest.length - result.busy.length,
      contended: result.contended.length,
      crowded: result.crowded,
    });
    for (const run of result.detached) this.#alone.goOn(run);
    // What holds up a whole group, such as a busy machine, is one slow moment of a reaction.
    for (const reaction of new Set(result.alone.map(({ receipt }) => receipt.reaction)))
      this.#pace.slow(reaction);
    for (const task of [...result.alone, ...result.own]) this.#alone.add(task);
    for (const task of result.contended) this.#alone.retry(task);
    if (result.contended.length > 0) lane.shrink();
    for (const task of result.busy) this.#later(task);
    const [held, rest] = partition(result.rest, (task) => this.#alone.holds(task));
    for (const task of held) this.#alone.add(task);
    return rest;
  }

  /** Other lanes work now: what waits moves before later tasks of its sagas come. */
  #spread(rest: readonly Task<Native>[]): void {
    const waiting = [...rest, ...this.#lanes.flatMap((lane) => lane.take())];
    for (const task of waiting) this.#laneOf(task).add(task);
  }

  #committed(result: GroupResult<Native>, changes: OutboxChanges): void {
    const { probe, publisher } = this.#parts;
    this.#usable();
    publisher.written(changes);
    probe("committed");
    this.#publish(result.handOvers, result.nextDueMs);
    this.duplicates += result.duplicates;
    for (const notice of result.notices) this.#report(notice);
    if (result.done.length > 0) this.#parts.watch?.committed(result.done.length);
    for (const task of result.done) {
      this.#alone.ended(task);
      task.completion.done();
    }
    for (const { task, error } of result.refused) task.completion.failed(error);
    probe("acknowledged");
    if (changes.confirm.length > 0) probe("confirmed");
  }

  /** Nothing of the batch was committed. Returns what stays in the lane's queue. */
  #undone(
    lane: Lane<Native>,
    batch: readonly Task<Native>[],
    error: unknown,
  ): readonly Task<Native>[] {
    if (error instanceof StoreUnavailableError) {
      this.#refuse(batch, error);
      return [];
    }
    if (!(error instanceof BrokenGroupError)) return this.#apart(lane, batch, error);
    const culprits: readonly unknown[] = error.culprits;
    const contended: readonly unknown[] = error.contended;
    const [alone, others] = partition(batch, (task) => culprits.includes(task));
    const loss = error.cause instanceof StoreUnavailableError ? error.cause : undefined;
    for (const task of alone) this.#alone.add(task, loss);
    const [met, rest] = partition(others, (task) => contended.includes(task));
    for (const task of met) this.#alone.retry(task);
    return rest;
  }

  /** Without a culprit the commit itself has failed: each by itself, so that only one pays. */
  #apart(
    lane: Lane<Native>,
    batch: readonly Task<Native>[],
    error: unknown,
  ): readonly Task<Native>[] {
    // What has no handler to run would come back at once, into the same group for ever.
    const [settled, others] = partition(batch, (task) => this.#settled?.has(task) === true);
    for (const task of others) this.#alone.add(task);
    if (settled.length === 0) return [];
    if (batch.length === 1) {
      for (const task of settled) task.completion.failed(error);
      return [];
    }
    lane.shrink();
    return settled;
  }

  #recover(task: Task<Native>, error: unknown, recovery: Task<Native> | undefined): void {
    if (recovery === undefined) task.completion.failed(error);
    else this.#laneOf(recovery).add(recovery);
  }

  /** Another process holds the saga of the task: it is tried again a little later. */
  #later(task: Task<Native>): void {
    this.#pauses.after(CONFLICT_PAUSE_MS, () => this.add(task));
  }

  #report(notice: Notice): void {
    const { logger, service, environment, onHeld } = this.#parts;
    logNotice(logger, service, notice, environment.now());
    const { row, seq } = notice;
    // Without a `seq` the reply to the commit was lost: the store has given the row up.
    if (row.held === true && seq !== undefined) onHeld(row, seq);
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

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
