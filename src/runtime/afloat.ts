import type { HandlerScope, Together } from "../ports/transaction.ts";
import { BrokenGroupError } from "./broken-group.ts";
import type { Pace } from "./pace.ts";
import { partition } from "./partition.ts";
import type { Task } from "./task.ts";
import { endsWithin, type HandlerLimits } from "./time-limit.ts";

interface AfloatHandler<Native> {
  readonly task: Task<Native>;
  readonly handler: HandlerScope<Native>;
  readonly together: Together<Native>;
  /** Resolves to true once its statements are answered, or have failed. */
  readonly answered: Promise<boolean>;
}

/**
 * The handlers of a commit group that have returned before what they sent was answered. The
 * bookkeeping and COMMIT follow in the same flight. If a statement has failed, the server commits
 * nothing; whose it was is found afterwards.
 */
export class Afloat<Native> {
  readonly #handlers: AfloatHandler<Native>[] = [];
  /** Those that were interrupted, which may have met the bookkeeping behind them. */
  #late: readonly Task<Native>[] = [];

  /** Takes a handler, if it has sent anything. */
  add(together: Together<Native>, task: Task<Native>, handler: HandlerScope<Native>): void {
    const sent = handler.sent?.();
    if (sent === undefined) return;
    const answered = Promise.allSettled([sent]).then(() => true);
    this.#handlers.push({ task, handler, together, answered });
  }

  get any(): boolean {
    return this.#handlers.length > 0;
  }

  /**
   * Waits for the answers as long as for a handler, and interrupts what takes longer. Resolves with
   * whether all statements have succeeded.
   */
  async land({ environment, limitMs }: HandlerLimits): Promise<boolean> {
    if (!this.any) return true;
    const answered = Promise.all(this.#handlers.map(({ answered }) => answered));
    if (!(await endsWithin(environment, limitMs, answered))) {
      this.#late = await this.#unanswered();
      await Promise.all([...this.#groups()].map((together) => together.interrupt()));
    }
    const failed = [...this.#groups()].some(({ culprits }) => culprits.size > 0);
    if (!failed) this.#handlers.length = 0;
    return !failed;
  }

  /**
   * Returns the failure of a group that was not committed: with the tasks that caused it, where
   * what they sent did, or where they were waited for no longer.
   */
  async blame(error: unknown, limits: HandlerLimits, pace: Pace): Promise<unknown> {
    await this.land(limits);
    const blamed = this.#handlers.filter(({ handler, together }) => together.culprits.has(handler));
    if (blamed.length === 0)
      return this.#late.length === 0
        ? error
        : new BrokenGroupError({ culprits: this.#late }, error);
    for (const { task } of blamed) pace.stumbled(task.receipt.reaction);
    const [contended, culprits] = partition(blamed, ({ handler }) => handler.contended);
    return new BrokenGroupError(
      { culprits: culprits.map(({ task }) => task), contended: contended.map(({ task }) => task) },
      error,
    );
  }

  async #unanswered(): Promise<readonly Task<Native>[]> {
    const late = Promise.resolve(false);
    const states = await Promise.all(
      this.#handlers.map(({ answered }) => Promise.race([answered, late])),
    );
    return this.#handlers.filter((_, n) => states[n] === false).map(({ task }) => task);
  }

  #groups(): ReadonlySet<Together<Native>> {
    return new Set(this.#handlers.map(({ together }) => together));
  }
}
