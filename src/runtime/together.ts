import { OdoriError } from "../contract/errors.ts";
import type { Received } from "../ports/bookkeeping.ts";
import type { HandlerScope, Together } from "../ports/transaction.ts";
import type { DetachedRun } from "./detached-run.ts";
import { Draft } from "./draft.ts";
import { partition } from "./partition.ts";
import { Scope } from "./scope.ts";
import type { Task } from "./task.ts";
import { type HandlerLimits, handlerEnds } from "./time-limit.ts";

/** A task whose receipt was looked up. */
export interface Ready<Native> {
  readonly task: Task<Native>;
  readonly received: Received;
}

/** One handler of several that travel together. */
export interface Companion<Native> extends Ready<Native> {
  readonly handler: HandlerScope<Native>;
  readonly scope: Scope<Native>;
  readonly running: Promise<void>;
  readonly outcome: Ending;
}

type Ending =
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly error: unknown }
  /** It still runs when its time is over. */
  | { readonly kind: "slow" };

/** What running handlers together has come to. */
export type TogetherResult<Native> =
  | {
      readonly kept: true;
      /** Those that have ended. */
      readonly companions: readonly Companion<Native>[];
      /** Slow, and nothing written yet: they go on outside. */
      readonly detached: readonly DetachedRun<Native>[];
    }
  /** All is undone. The culprits have to run in turn; the others may travel together again. */
  | {
      readonly kept: false;
      readonly culprits: readonly Ready<Native>[];
      readonly others: readonly Ready<Native>[];
      readonly slow: readonly Task<Native>[];
      /** They waited for a lock of another transaction. */
      readonly contended: readonly Companion<Native>[];
      /** Set where time was up and no lock was in the way. */
      readonly overdue: Overdue<Native> | undefined;
    };

/** Which statements were not answered when the time of those that travelled together was over. */
interface Overdue<Native> {
  /** How many were answered by then; where none was, how many were not. */
  readonly statements: number;
  /** The first one behind those that were; it is not known to be slow. */
  readonly first: readonly Ready<Native>[];
}

/**
 * Runs handlers of one statement each side by side in one savepoint. If one of them failed after
 * its statement, or asked for a second one, or is slow with its statement issued, all are undone.
 */
export async function runTogether<Native>(
  together: Together<Native>,
  ready: readonly Ready<Native>[],
  limits: HandlerLimits,
): Promise<TogetherResult<Native>> {
  const companions = await Promise.all(
    ready.map(async ({ task, received }): Promise<Companion<Native>> => {
      const handler = together.scope();
      const scope = new Scope(handler, new Draft());
      scope.waits = false;
      const running = call(task, received, scope);
      const kept = running.then(() => handler.keep());
      const outcome = await outcomeOf(kept, handler, limits);
      return { task, received, handler, scope, running, outcome };
    }),
  );
  const { culprits } = together;
  const guilty = ({ handler, outcome }: Companion<Native>) =>
    culprits.has(handler) || (outcome.kind !== "done" && handler.touched);
  if (!companions.some(guilty)) {
    together.keep();
    const [slow, ended] = partition(companions, ({ outcome }) => outcome.kind === "slow");
    // In the same turn: a statement that one of them issues now must not be the group's.
    const detached = slow.map(({ task, received, scope, running, handler }) => {
      scope.waits = true;
      return { task, received, scope, running, tx: handler.detach() };
    });
    return { kept: true, companions: ended, detached };
  }
  // Undoing interrupts them: then each has its reply.
  const open = new Set(
    companions.filter(({ handler }) => handler.touched && handler.unanswered !== false),
  );
  await together.undo();
  for (const { running, scope, outcome } of companions) {
    if (outcome.kind !== "slow") continue;
    running.catch(() => {});
    scope.cancel(new OdoriError("HANDLER_SLOW", "The handler is started again, by itself."));
  }
  // Behind a failed statement others fail as well: only the first ones are to blame.
  const blamed = (companion: Companion<Native>) =>
    culprits.size > 0 ? culprits.has(companion.handler) : guilty(companion);
  const late = companions.filter(({ outcome }) => outcome.kind === "slow");
  const rest = companions.filter(({ outcome }) => outcome.kind !== "slow");
  const [contended, others] = partition(late, ({ handler }) => handler.contended);
  // Those whose statements were answered wait for something else.
  const [unanswered, waiting] = partition(others, (companion) => open.has(companion));
  const answered = [...rest, ...waiting].filter(({ handler }) => handler.touched).length;
  // Answers of one flight may come together: without any, each one may be the slow one.
  const suspects = contended.length > 0 ? [] : unanswered;
  const slow = suspects.length === 1 && answered === 0 ? suspects : [];
  const first = answered > 0 ? suspects.slice(0, 1) : [];
  const isOverdue = suspects.length > slow.length;
  return {
    kept: false,
    culprits: rest.filter(blamed),
    others: [
      ...rest.filter((companion) => !blamed(companion)),
      ...unanswered.slice(slow.length + first.length),
    ],
    slow: [...waiting, ...slow].map(({ task }) => task),
    contended,
    overdue: isOverdue ? { statements: answered || unanswered.length, first } : undefined,
  };
}

async function call<Native>(
  task: Task<Native>,
  received: Received,
  scope: Scope<Native>,
): Promise<void> {
  await task.run(received, scope);
}

async function outcomeOf(
  running: Promise<void>,
  handler: { readonly touched: boolean },
  limits: HandlerLimits,
): Promise<Ending> {
  try {
    return { kind: (await handlerEnds(limits, handler, running)) ? "done" : "slow" };
  } catch (error) {
    return { kind: "failed", error };
  }
}
