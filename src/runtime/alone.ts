import { Semaphore } from "../adapter/semaphore.ts";
import type { OdoriError } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { StoreUnavailableError } from "../ports/errors.ts";
import type { Store } from "../ports/store.ts";
import type { Probe } from "./crash-points.ts";
import type { DetachedRun } from "./detached-run.ts";
import { GROUP_BUDGET_MS } from "./group.ts";
import { Losses } from "./losses.ts";
import type { Pace } from "./pace.ts";
import { Pauses } from "./pauses.ts";
import { PutOffs } from "./put-off.ts";
import type { Scope } from "./scope.ts";
import { finish, runAlone, runExclusively, type SoloParts, type SoloResult } from "./solo.ts";
import type { Task } from "./task.ts";

/** Pause before a task that met another transaction is tried again, in milliseconds. */
export const CONFLICT_PAUSE_MS = 20;
/**
 * Conflicts after which meeting another transaction is a failed attempt: some seconds. A row may be
 * locked for longer, and a handler's own SQL may raise the same codes.
 */
const CONFLICTS_MAX = 8;
/** Conflicts after which each pause is twice the one before, and how often it doubles. */
const CONFLICTS_PATIENT = 3;
const DOUBLINGS_MAX = 6;

/**
 * How many deliveries run at once in a transaction that is open from the beginning. They have met
 * another transaction, and more of them would only meet each other.
 */
const EXCLUSIVE_MAX = 2;
/**
 * How many more may be in line for that, or pause before it. The others are put off: each one in
 * line has a place of the bus, of which there are 400, and takes it from those that need not wait.
 */
const LINE_MAX = 40;

/** How many sagas are remembered that have met another transaction. */
const MET_MAX = 10_000;

/** How many deliveries of one reaction run by themselves at once. */
const RUNS_MAX = 32;

export interface AloneParts<Native> {
  readonly store: Store<Native>;
  readonly environment: Environment;
  readonly probe: Probe;
  readonly pace: Pace;
  /** Takes a task that does not have to run by itself any more. */
  add(task: Task<Native>): void;
  /** Takes a task whose handler need not run: a commit group records what became of it. */
  settled(task: Task<Native>): void;
  /** A task was committed by itself. */
  committed(task: Task<Native>, result: SoloResult<Native> & { readonly kind: "committed" }): void;
  /** The database could not be used. */
  unavailable(task: Task<Native>, error: StoreUnavailableError): void;
  /** A task has failed by itself; `recovery` is to be committed instead. */
  failed(task: Task<Native>, error: unknown, recovery: Task<Native> | undefined): void;
}

/**
 * Tasks that run by themselves: slow ones, and those that met another transaction. Later tasks of
 * their sagas wait for them.
 */
export class Alone<Native> {
  readonly #parts: AloneParts<Native>;
  readonly #solo: SoloParts<Native>;
  /** The tasks that wait, by the saga that runs by itself. */
  readonly #held = new Map<string, Task<Native>[]>();
  /** Sagas that have met another transaction, and are not done: the next run meets it as well. */
  readonly #met = new Set<string>();
  readonly #losses = new Losses();
  /** How many run by themselves, by reaction. */
  readonly #running = new Map<string, number>();
  /** Tasks of reactions of which `RUNS_MAX` run already. */
  #queue: Task<Native>[] = [];
  readonly #runs = new Set<Promise<void>>();
  /** The runs whose handlers can be given up. */
  readonly #scopes = new Map<Task<Native>, Scope<Native>>();
  readonly #pauses: Pauses;
  readonly #exclusive = new Semaphore(EXCLUSIVE_MAX);
  /** How many run exclusively, or wait for it. */
  #inLine = 0;
  readonly #putOffs = new PutOffs();
  /** Why nothing runs any more; undefined before. */
  #ended: OdoriError | undefined;

  constructor(parts: AloneParts<Native>) {
    this.#parts = parts;
    this.#solo = { ...parts, onRun: (task, scope) => this.#scopes.set(task, scope) };
    this.#pauses = new Pauses(parts.environment);
  }

  /** How many tasks wait for one of their saga that runs by itself, or for a conflict to end. */
  get waiting(): number {
    let waiting = this.#queue.length + this.#pauses.size;
    for (const held of this.#held.values()) waiting += held.length;
    return waiting;
  }

  get busy(): boolean {
    return this.#runs.size + this.#queue.length + this.#pauses.size > 0;
  }

  holds({ receipt }: Task<Native>): boolean {
    return this.#held.has(receipt.sagaId);
  }

  /** Whether a task has to run by itself: a lane would wait for it. */
  claims(task: Task<Native>): boolean {
    const { receipt } = task;
    if (this.#held.has(receipt.sagaId) || this.#met.has(receipt.sagaId)) return true;
    return this.#losses.has(task) || this.#putOffs.conflictsOf(task) !== undefined;
  }

  /** A commit group has handled the task. */
  ended(task: Task<Native>): void {
    this.#losses.forget(task);
    this.#putOffs.forget(task);
  }

  /**
   * Runs a task by itself, behind the one of its saga that already does. `loss`: its group has lost
   * its connection while the handler ran.
   */
  add(task: Task<Native>, loss?: StoreUnavailableError): void {
    if (loss !== undefined) this.#losses.note(task, loss);
    if (this.#ended !== undefined) {
      task.completion.failed(this.#ended);
      return;
    }
    const { sagaId, reaction } = task.receipt;
    const held = this.#held.get(sagaId);
    const conflicts = this.#putOffs.conflictsOf(task);
    if (held !== undefined) held.push(task);
    else if (conflicts !== undefined) this.#resume(task, conflicts);
    else if ((this.#running.get(reaction) ?? 0) < RUNS_MAX) this.#run(task, 0);
    else {
      this.#held.set(sagaId, []);
      this.#queue.push(task);
    }
  }

  /** Runs a task that has met another transaction, after a pause. */
  retry(task: Task<Native>): void {
    if (this.#ended !== undefined || this.holds(task)) {
      this.add(task);
      return;
    }
    this.#held.set(task.receipt.sagaId, []);
    if (this.#met.size >= MET_MAX) this.#met.clear();
    this.#met.add(task.receipt.sagaId);
    this.#again(task, 0);
  }

  /** Takes a detached handler, which goes on with a transaction of its own. */
  goOn(run: DetachedRun<Native>): void {
    const { task } = run;
    this.#parts.pace.slow(task.receipt.reaction);
    // A later one of the saga may be in line already, with others behind it.
    if (!this.holds(task)) this.#held.set(task.receipt.sagaId, []);
    this.#scopes.set(task, run.scope);
    const finished = finish(this.#solo, run);
    this.#track(
      task,
      finished.then((result) => this.#finished(task, result, 0)),
    );
    if (this.#ended !== undefined) run.scope.cancel(this.#ended);
  }

  /** Resolves when nothing runs by itself, and nothing waits to. */
  async idle(): Promise<void> {
    while (this.busy) await Promise.all([...this.#runs, this.#pauses.idle()]);
  }

  /** Gives up the handlers that still run, and refuses every task that waits or comes. */
  abandon(error: OdoriError): void {
    this.#ended = error;
    this.#pauses.end();
    const waiting = [...this.#queue, ...[...this.#held.values()].flat()];
    this.#queue = [];
    for (const [sagaId] of this.#held) this.#held.set(sagaId, []);
    for (const task of waiting) task.completion.failed(error);
    for (const scope of this.#scopes.values()) scope.cancel(error);
  }

  /** Runs a task that was put off, if the line is short enough. */
  #resume(task: Task<Native>, conflicts: number): void {
    this.#held.set(task.receipt.sagaId, []);
    if (this.#isLineFull && task.recover !== undefined) this.#putOff(task, conflicts);
    else this.#run(task, conflicts);
  }

  #run(task: Task<Native>, conflicts: number): void {
    if (!this.holds(task)) this.#held.set(task.receipt.sagaId, []);
    const { pace } = this.#parts;
    const { reaction } = task.receipt;
    const loss = this.#losses.of(task);
    // Those in line do not run: they hold back no task that could.
    const counts = conflicts === 0 || loss !== undefined;
    const running = counts
      ? runAlone(this.#solo, task, loss)
      : this.#runExclusively(task, conflicts);
    const finished = running.then((result) => {
      if (result.kind === "committed")
        pace.ranAlone(reaction, { quick: (result.handlerMs ?? 0) < GROUP_BUDGET_MS });
      this.#finished(task, result, conflicts);
    });
    if (counts) this.#running.set(reaction, (this.#running.get(reaction) ?? 0) + 1);
    this.#track(
      task,
      finished.finally(() => {
        if (counts) this.#running.set(reaction, (this.#running.get(reaction) ?? 1) - 1);
        this.#next();
      }),
    );
  }

  async #runExclusively(task: Task<Native>, conflicts: number): Promise<SoloResult<Native>> {
    this.#inLine++;
    await this.#exclusive.take();
    try {
      return await runExclusively(this.#solo, task, { patient: conflicts < CONFLICTS_MAX });
    } finally {
      this.#inLine--;
      this.#exclusive.free();
    }
  }

  get #isLineFull(): boolean {
    return this.#inLine + this.#pauses.size >= EXCLUSIVE_MAX + LINE_MAX;
  }

  /** Starts the tasks for which there is room, or hands them over once their reaction is quick. */
  #next(): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const task of queue) {
      const { reaction } = task.receipt;
      if (!this.#parts.pace.isSlow(reaction)) this.#release(task, [task]);
      else if ((this.#running.get(reaction) ?? 0) < RUNS_MAX) this.#run(task, 0);
      else this.#queue.push(task);
    }
  }

  #finished(task: Task<Native>, result: SoloResult<Native>, conflicts: number): void {
    if (result.kind === "again") {
      this.#again(task, conflicts);
      return;
    }
    if (result.kind === "lost") {
      this.#losses.note(task, result.error);
      this.#pause(task, conflicts, conflicts);
      return;
    }
    if (result.kind !== "unavailable") this.#losses.forget(task);
    if (result.kind === "committed") this.#parts.committed(task, result);
    if (result.kind !== "failed") this.#met.delete(task.receipt.sagaId);
    this.#putOffs.forget(task);
    // A handler that was given up has not failed.
    if (result.kind !== "committed" && this.#ended !== undefined)
      task.completion.failed(this.#ended);
    else if (result.kind === "unavailable") this.#parts.unavailable(task, result.error);
    else if (result.kind === "settled") this.#parts.settled(task);
    else if (result.kind === "failed") this.#parts.failed(task, result.error, result.recovery);
    // Later tasks of the saga come behind what is recorded of this one.
    this.#release(task);
  }

  #again(task: Task<Native>, conflicts: number): void {
    const isPutOff = this.#isLineFull && task.recover !== undefined && this.#ended === undefined;
    if (isPutOff) this.#putOff(task, conflicts + 1);
    else this.#pause(task, conflicts, conflicts + 1);
  }

  /** Runs a task again after a pause, with that number of conflicts. */
  #pause(task: Task<Native>, conflicts: number, next: number): void {
    // What waits for a row that another session keeps leaves room for those that do not.
    const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, conflicts - CONFLICTS_PATIENT));
    this.#pauses.after(CONFLICT_PAUSE_MS * 2 ** doublings, (ended) => {
      if (!ended) return this.#run(task, next);
      this.#release(task);
      task.completion.failed(this.#ended);
    });
  }

  /** Has a commit group keep the task for later, so that it takes no place of the bus meanwhile. */
  #putOff(task: Task<Native>, conflicts: number): void {
    const { environment } = this.#parts;
    this.#met.delete(task.receipt.sagaId);
    const error = this.#putOffs.add(task, conflicts, environment);
    this.#parts.failed(task, error, recoveryOf(task, error));
    this.#release(task);
  }

  /** Lets the later tasks of a saga go on, behind those in `first`. */
  #release({ receipt }: Task<Native>, first: readonly Task<Native>[] = []): void {
    const held = this.#held.get(receipt.sagaId) ?? [];
    this.#held.delete(receipt.sagaId);
    for (const task of [...first, ...held]) this.#parts.add(task);
  }

  #track(task: Task<Native>, run: Promise<void>): void {
    const tracked: Promise<void> = run
      .catch((error: unknown) => {
        this.#parts.failed(task, error, recoveryOf(task, error));
        this.#release(task);
      })
      .finally(() => {
        this.#scopes.delete(task);
        this.#runs.delete(tracked);
      });
    this.#runs.add(tracked);
  }
}

/** Where not even the recovery can be made, the caller has to hand the task over again. */
function recoveryOf<Native>(task: Task<Native>, error: unknown): Task<Native> | undefined {
  try {
    return task.recover?.(error);
  } catch {
    return undefined;
  }
}
