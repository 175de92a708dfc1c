import type { EventEnvelope } from "../contract/envelope.ts";
import type { Store, StoreTransaction, Ticket } from "../ports/store.ts";
import { Draft } from "./draft.ts";
import type { Probe } from "./steps.ts";
import type { Task } from "./task.ts";

/** Outbox rows that a commit has left behind, to be published now. */
export interface HandOver {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
}

/** What is left to do after a commit. */
export interface Aftermath {
  readonly handOvers: readonly HandOver[];
  /** When a deferred delivery will be due because of this commit; undefined when none will. */
  readonly nextDueMs: number | undefined;
}

/** Handles tasks in one commit, or throws with nothing done. `confirm` are outbox rows to delete with it. */
export function commitBatch<Native>(
  store: Store<Native>,
  tasks: readonly Task<Native>[],
  confirm: readonly Ticket[],
  probe: Probe,
): Promise<Aftermath> {
  return store.transaction(async (tx) => {
    probe("opened");
    const handOvers: HandOver[] = [];
    const dues: number[] = [];
    let draft = draftOf(confirm);
    for (const wave of wavesOf(tasks)) {
      const ticket = await handle(tx, wave, draft, probe);
      if (ticket !== undefined) handOvers.push({ ticket, events: draft.enqueue });
      if (draft.nextDueMs !== undefined) dues.push(draft.nextDueMs);
      draft = new Draft();
    }
    return { handOvers, nextDueMs: dues.length === 0 ? undefined : Math.min(...dues) };
  });
}

/** Handles tasks of different sagas inside a transaction. Returns the ticket of what they emitted. */
export async function handle<Native>(
  tx: StoreTransaction<Native>,
  tasks: readonly Task<Native>[],
  draft: Draft,
  probe: Probe,
): Promise<Ticket | undefined> {
  const scope = { tx: tx.native, draft };
  const received = await tx.receive(tasks.map((task) => task.receipt));
  probe("looked_up");
  for (const [index, task] of tasks.entries()) {
    const answer = received[index];
    const running = answer && task.run(answer, scope);
    if (running !== undefined) await running;
  }
  const ticket = await tx.write(draft);
  probe("written");
  return ticket;
}

/**
 * Parts a batch so that no part holds a saga twice: the second delivery of a saga may depend on what the first one leaves in the fence.
 * Mostly there is one part.
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
