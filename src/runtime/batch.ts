import type { EventEnvelope } from "../contract/envelope.ts";
import type { StoreTransaction, Ticket } from "../ports/bookkeeping.ts";
import type { Store } from "../ports/store.ts";
import type { Probe } from "./crash-points.ts";
import { Draft } from "./draft.ts";
import type { Task } from "./task.ts";

/** Outbox rows that a commit has left behind, to be published now. */
export interface HandOver {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
}

/** What is left to do after a commit. */
export interface CommitResult {
  readonly handOvers: readonly HandOver[];
  /** When a deferred delivery will be due because of this commit; undefined when none will. */
  readonly nextDueMs: number | undefined;
}

/**
 * Handles tasks in one commit, or throws with nothing done. `confirm` are outbox rows to delete
 * with it.
 */
export function commitBatch<Native>(
  store: Store<Native>,
  tasks: readonly Task<Native>[],
  confirm: readonly Ticket[],
  probe: Probe,
): Promise<CommitResult> {
  return store.transaction(async (tx) => {
    probe("opened");
    const handOvers: HandOver[] = [];
    const dues: number[] = [];
    let draft = draftOf(confirm);
    const waves = wavesOf(tasks);
    for (const wave of waves) {
      const ticket = await handle(tx, wave, draft, probe, wave === waves.at(-1));
      if (ticket !== undefined) handOvers.push({ ticket, events: draft.enqueue });
      if (draft.nextDueMs !== undefined) dues.push(draft.nextDueMs);
      draft = new Draft();
    }
    return { handOvers, nextDueMs: dues.length === 0 ? undefined : Math.min(...dues) };
  });
}

/**
 * Handles tasks of different sagas inside a transaction. Returns the ticket of what they emitted.
 */
export async function handle<Native>(
  tx: StoreTransaction<Native>,
  tasks: readonly Task<Native>[],
  draft: Draft,
  probe: Probe,
  last = false,
): Promise<Ticket | undefined> {
  const scope = { tx: tx.native, draft };
  const received = await tx.receive(tasks.map((task) => task.receipt));
  probe("looked_up");
  if (tx.together) await allOf(received.map(async (answer, n) => tasks[n]?.run(answer, scope)));
  else {
    for (const [n, answer] of received.entries()) {
      const running = tasks[n]?.run(answer, scope);
      if (running !== undefined) await running;
    }
  }
  const ticket = await tx.write(draft, { last });
  probe("written");
  return ticket;
}

/**
 * Waits for all of them, also when one fails: whoever is still at it would go on while the same
 * delivery is handled anew.
 */
async function allOf(running: readonly Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(running)).find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}

/**
 * Parts a batch so that no part holds a saga twice: the second delivery of a saga may depend on
 * what the first one leaves in the fence. Mostly there is one part.
 */
function wavesOf<Native>(tasks: readonly Task<Native>[]): readonly (readonly Task<Native>[])[] {
  // Without tasks there is still something to confirm.
  if (tasks.length === 0) return [[]];
  const waves: Task<Native>[][] = [];
  const seen = new Map<string, number>();
  for (const task of tasks) {
    const { sagaId } = task.receipt;
    const turn = seen.get(sagaId) ?? 0;
    seen.set(sagaId, turn + 1);
    const wave = waves[turn];
    if (wave === undefined) waves.push([task]);
    else wave.push(task);
  }
  return waves;
}

function draftOf(confirm: readonly Ticket[]): Draft {
  const draft = new Draft();
  draft.confirm = confirm;
  return draft;
}
