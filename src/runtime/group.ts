import { OdoriError } from "../contract/errors.ts";
import type { Received } from "../ports/bookkeeping.ts";
import type { Environment } from "../ports/environment.ts";
import type { Store } from "../ports/store.ts";
import type { HandlerScope, StoreTransaction } from "../ports/transaction.ts";
import { Afloat } from "./afloat.ts";
import type { OutboxChanges } from "./answers.ts";
import { BrokenGroupError, endsGroup } from "./broken-group.ts";
import type { Probe } from "./crash-points.ts";
import type { DetachedRun } from "./detached-run.ts";
import { Draft, type Notice } from "./draft.ts";
import type { Pace } from "./pace.ts";
import { partition } from "./partition.ts";
import type { HandOver } from "./publisher.ts";
import { Scope } from "./scope.ts";
import type { Task } from "./task.ts";
import { type HandlerLimits, handlerEnds } from "./time-limit.ts";
import { type Companion, type Ready, runTogether } from "./together.ts";
import { wavesOf } from "./waves.ts";

/**
 * How long a commit group begins further handlers, and how long it waits for one of them, in
 * milliseconds. The first bounds what a quick handler waits for its neighbours; the second is a
 * few times that, so that a busy machine alone does not make a handler slow.
 */
export const GROUP_BUDGET_MS = 20;
export const HANDLER_BUDGET_MS = 60;

/** A handler may take as long as this number of look-ups, where that is longer than its budget. */
const LOOK_UPS_MAX = 6;
/**
 * Handlers of one Postgres transaction that have a savepoint each: from 64 on, every other
 * transaction has to look for them on disk (PGPROC_MAX_CACHED_SUBXIDS).
 */
const IN_TURN_MAX = 60;

/** What a commit group has come to. Each of its tasks is in exactly one of the lists. */
export interface GroupResult<Native> {
  /** Committed, or committed as failed. */
  readonly done: readonly Task<Native>[];
  /** Failed, and the failure belongs to the caller. Nothing of them is committed. */
  readonly refused: readonly { readonly task: Task<Native>; readonly error: unknown }[];
  /** Slow, and nothing written yet: they go on outside. */
  readonly detached: readonly DetachedRun<Native>[];
  /** Slow: undone, to be run by themselves. */
  readonly alone: readonly Task<Native>[];
  /** In conflict with another transaction: undone, to be run by themselves. */
  readonly contended: readonly Task<Native>[];
  /** Needs a transaction of its own: undone, to be run by themselves. */
  readonly own: readonly Task<Native>[];
  /** Not begun: the budget was spent. */
  readonly rest: readonly Task<Native>[];
  /** Not begun: another process holds their saga. */
  readonly busy: readonly Task<Native>[];
  /** Whether a contended one has met another group of this process. */
  readonly crowded: boolean;
  /** How many handlers have run in turn, each awaited with its statements. */
  readonly inTurn: number;
  /** Deliveries that failed or were parked, for the log. */
  readonly notices: readonly Notice[];
  readonly handOvers: readonly HandOver[];
  readonly nextDueMs: number | undefined;
  /** How many of `done` were duplicates, and ignored. */
  readonly duplicates: number;
}

/** Tasks of which the store has said what it knows. */
interface ReadyTasks<Native> {
  readonly inTurn: readonly Ready<Native>[];
  readonly together: Ready<Native>[];
}

export interface GroupParts<Native> {
  readonly store: Store<Native>;
  readonly environment: Environment;
  readonly probe: Probe;
  readonly pace: Pace;
  /** Whether the saga of a task is in a detached run, so that the task has to wait for it. */
  isHeld(task: Task<Native>): boolean;
}

/**
 * Handles tasks one after the other in one transaction, each in a savepoint of its own: they see
 * each other's rows as if each had a transaction of its own, and a failing one costs itself.
 * Throws with nothing committed.
 */
export class CommitGroup<Native> implements GroupResult<Native> {
  readonly done: Task<Native>[] = [];
  readonly refused: { readonly task: Task<Native>; readonly error: unknown }[] = [];
  readonly detached: DetachedRun<Native>[] = [];
  readonly alone: Task<Native>[] = [];
  readonly contended: Task<Native>[] = [];
  readonly own: Task<Native>[] = [];
  readonly rest: Task<Native>[] = [];
  readonly busy: Task<Native>[] = [];
  readonly notices: Notice[] = [];
  readonly handOvers: HandOver[] = [];
  nextDueMs: number | undefined;
  duplicates = 0;
  readonly #parts: GroupParts<Native>;
  readonly #afloat = new Afloat<Native>();
  #until = 0;
  /** How long to wait for one handler, in milliseconds. */
  #handlerMs = HANDLER_BUDGET_MS;
  inTurn = 0;
  crowded = false;

  constructor(parts: GroupParts<Native>) {
    this.#parts = parts;
  }

  /** Commits the tasks, and `changes` of the outbox with them. */
  async commit(
    tasks: readonly Task<Native>[],
    changes: OutboxChanges,
  ): Promise<GroupResult<Native>> {
    try {
      await this.#parts.store.transaction((tx) => this.#run(tx, tasks, changes));
    } catch (error) {
      await this.#abandonDetached();
      throw await this.#afloat.blame(error, this.#limits, this.#parts.pace);
    }
    return this;
  }

  async #run(
    tx: StoreTransaction<Native>,
    tasks: readonly Task<Native>[],
    changes: OutboxChanges,
  ): Promise<void> {
    const { environment, probe } = this.#parts;
    probe("opened");
    this.#until = environment.now() + GROUP_BUDGET_MS;
    const waves = wavesOf(tasks);
    for (const [turn, wave] of waves.entries()) {
      const draft = new Draft();
      if (turn === 0) draft.change(changes);
      const asked = environment.now();
      const received = await tx.receive(wave.map((task) => task.receipt));
      // Where the store itself is slow, a handler that uses it may be so too.
      this.#handlerMs = Math.max(HANDLER_BUDGET_MS, LOOK_UPS_MAX * (environment.now() - asked));
      probe("looked_up");
      await this.#handle(tx, this.#readyOf(tx, wave, received), draft);
      const writing = tx.write(draft, { last: turn === waves.length - 1 });
      if (this.#afloat.any) {
        // What is wrong with it is known when what was sent before is answered.
        writing.catch(() => {});
        await this.#afloat.land(this.#limits);
      }
      const written = await writing;
      probe("written");
      const { ticket } = written;
      this.notices.push(...draft.noticesOf(written));
      if (ticket !== undefined) this.handOvers.push({ ticket, events: draft.enqueue });
      this.#due(draft.nextDueMs(written));
      this.duplicates += draft.duplicates.length;
    }
  }

  /** Nothing is committed, so what has left the group will be started again. */
  async #abandonDetached(): Promise<void> {
    const reason = new OdoriError("HANDLER_SLOW", "The handler is started again.");
    for (const { scope } of this.detached) scope.cancel(reason);
    await Promise.allSettled(this.detached.map(({ tx }) => tx.abandon()));
  }

  #readyOf(
    tx: StoreTransaction<Native>,
    wave: readonly Task<Native>[],
    received: readonly Received[],
  ): ReadyTasks<Native> {
    const inTurn: Ready<Native>[] = [];
    const together: Ready<Native>[] = [];
    for (const [index, task] of wave.entries()) {
      const answer = received[index];
      if (answer === undefined) continue;
      if (answer.status === "busy") this.busy.push(task);
      else if (tx.together !== undefined && this.#parts.pace.travelsTogether(task.receipt.reaction))
        together.push({ task, received: answer });
      else inTurn.push({ task, received: answer });
    }
    return { inTurn, together };
  }

  async #handle(
    tx: StoreTransaction<Native>,
    { inTurn, together }: ReadyTasks<Native>,
    draft: Draft,
  ): Promise<void> {
    while (together.length > 0) {
      await this.#landed();
      await this.#runTogether(tx, together.splice(0, this.#parts.pace.together), draft);
    }
    if (inTurn.length > 0) await this.#landed();
    for (const { task, received } of inTurn) {
      const running = this.#runNext(tx, task, received, draft);
      if (running !== undefined) await running;
    }
  }

  /** Runs one task in its turn, unless it has to wait for a later group. */
  #runNext(
    tx: StoreTransaction<Native>,
    task: Task<Native>,
    received: Received,
    draft: Draft,
  ): void | Promise<void> {
    const full = tx.together !== undefined && this.inTurn >= IN_TURN_MAX;
    if (full || this.#mustWait(task)) {
      this.rest.push(task);
      return;
    }
    const running = this.#begin(tx, task, received, draft);
    if (running !== undefined) this.inTurn++;
    return running;
  }

  async #runTogether(
    tx: StoreTransaction<Native>,
    ready: readonly Ready<Native>[],
    draft: Draft,
  ): Promise<void> {
    const [waiting, begun] = partition(ready, ({ task }) => this.#mustWait(task));
    for (const { task } of waiting) this.rest.push(task);
    if (begun.length === 0 || tx.together === undefined) return;
    const { pace } = this.#parts;
    const together = tx.together();
    const result = await runTogether(together, begun, this.#limits).catch((cause: unknown) => {
      if (!endsGroup(cause)) throw cause;
      // Where it was the connection, all that waited for it have failed alike.
      for (const { task } of begun) pace.stumbled(task.receipt.reaction);
      throw new BrokenGroupError({ culprits: begun.map(({ task }) => task) }, cause);
    });
    if (result.kept) {
      this.detached.push(...result.detached);
      pace.arrived();
      for (const companion of result.companions) {
        this.#afloat.add(together, companion.task, companion.handler);
        await this.#settle(companion, draft);
      }
      return;
    }
    for (const task of result.slow) this.alone.push(task);
    for (const { task, handler } of result.contended) this.#met(task, handler);
    for (const { task } of result.culprits) pace.stumbled(task.receipt.reaction);
    const { overdue } = result;
    if (overdue !== undefined) pace.overdue(overdue.statements);
    const inTurn = [...result.culprits, ...(overdue?.first ?? [])];
    await this.#handle(tx, { inTurn, together: [...result.others] }, draft);
  }

  /** Other handlers are to begin: what was sent before them is answered first. */
  async #landed(): Promise<void> {
    if (!(await this.#afloat.land(this.#limits)))
      throw new OdoriError("TRANSACTION_ENDED", "A statement that was sent has failed.");
  }

  /** Takes the result of a handler that has travelled with others, none of which was undone. */
  async #settle(companion: Companion<Native>, draft: Draft): Promise<void> {
    const { task, received, handler, scope, outcome } = companion;
    if (outcome.kind === "failed")
      return this.#failed(task, received, handler, draft, outcome.error);
    this.#keep(task, scope, handler, draft);
  }

  get #limits(): HandlerLimits {
    return { environment: this.#parts.environment, limitMs: this.#handlerMs };
  }

  /** The first task always begins, so that a group never goes round without any work. */
  #mustWait(task: Task<Native>): boolean {
    if (this.#parts.isHeld(task)) return true;
    const apart = this.detached.length + this.#undone.length;
    if (apart > 0 && this.#isApart(task.receipt.sagaId)) return true;
    const begun = this.done.length + this.refused.length + apart;
    return begun > 0 && this.#parts.environment.now() >= this.#until;
  }

  /** Whether a task of the saga has left the group. */
  #isApart(sagaId: string): boolean {
    const isOf = (task: Task<Native>) => task.receipt.sagaId === sagaId;
    return this.detached.some(({ task }) => isOf(task)) || this.#undone.some(isOf);
  }

  /** Those that run by themselves, from the beginning. */
  get #undone(): readonly Task<Native>[] {
    return [...this.alone, ...this.contended, ...this.own];
  }

  /** Runs one task; synchronously where its handler is synchronous. */
  #begin(
    tx: StoreTransaction<Native>,
    task: Task<Native>,
    received: Received,
    draft: Draft,
  ): void | Promise<void> {
    const handler = tx.scope();
    const scope = new Scope(handler, new Draft());
    let returned: Promise<void>;
    try {
      const running = task.run(received, scope) ?? undefined;
      if (running !== undefined)
        returned = this.#inTime({ task, received, scope, running, handler }, draft);
      else {
        const kept = handler.keep() ?? undefined;
        if (kept === undefined) return this.#keep(task, scope, handler, draft);
        returned = kept.then(() => this.#keep(task, scope, handler, draft));
      }
    } catch (error) {
      returned = Promise.reject(error);
    }
    return returned.catch((error: unknown) => this.#failed(task, received, handler, draft, error));
  }

  async #inTime(
    run: Omit<DetachedRun<Native>, "tx"> & { readonly handler: HandlerScope<Native> },
    draft: Draft,
  ): Promise<void> {
    const { task, scope, handler, running } = run;
    if (await handlerEnds(this.#limits, handler, running)) {
      const kept = handler.keep() ?? undefined;
      if (kept !== undefined) await kept;
      this.#keep(task, scope, handler, draft);
    } else if (!handler.touched) {
      this.detached.push({ ...run, tx: handler.detach() });
    } else {
      // Its late failure is not waited for: the task runs again, by itself.
      running.catch(() => {});
      scope.cancel(new OdoriError("HANDLER_SLOW", "The handler is started again, by itself."));
      await this.#undo(task, handler);
      if (handler.contended) this.#met(task, handler);
      else this.alone.push(task);
    }
  }

  #keep(
    task: Task<Native>,
    scope: Scope<Native>,
    { flights }: HandlerScope<Native>,
    draft: Draft,
  ): void {
    this.#parts.pace.ran(task.receipt.reaction, flights);
    draft.add(scope.draft);
    this.done.push(task);
  }

  async #failed(
    task: Task<Native>,
    received: Received,
    handler: HandlerScope<Native>,
    draft: Draft,
    error: unknown,
  ): Promise<void> {
    if (error instanceof BrokenGroupError) throw error;
    await this.#undo(task, handler);
    if (handler.contended) return this.#met(task, handler);
    if (handler.needsOwn === true) return void this.own.push(task);
    const recovery = task.recover?.(error);
    if (recovery === undefined) {
      this.refused.push({ task, error });
      return;
    }
    const own = new Draft();
    try {
      await recovery.run(received, new Scope(handler, own));
    } catch (problem) {
      this.refused.push({ task, error: problem });
      return;
    }
    draft.add(own);
    this.done.push(task);
  }

  #met(task: Task<Native>, { crowded = false }: HandlerScope<Native>): void {
    this.contended.push(task);
    this.crowded ||= crowded;
  }

  /**
   * Undoes what the handler wrote. If that cannot be done, the whole group is undone, and this
   * handler does not share a group again: it may be the one that ends the connection.
   */
  async #undo(task: Task<Native>, handler: HandlerScope<Native>): Promise<void> {
    try {
      await handler.undo();
    } catch (cause) {
      if (endsGroup(cause)) throw new BrokenGroupError({ culprits: [task] }, cause);
      throw cause;
    }
  }

  #due(nextDueMs: number | undefined): void {
    if (nextDueMs === undefined) return;
    this.nextDueMs = Math.min(this.nextDueMs ?? nextDueMs, nextDueMs);
  }
}
