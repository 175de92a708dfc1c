import type { Task } from "./task.ts";

/**
 * Parts a batch so that no part holds a saga twice: the second delivery of a saga may depend on
 * what the first one leaves in the fence. Mostly there is one part.
 */
export function wavesOf<Native>(
  tasks: readonly Task<Native>[],
): readonly (readonly Task<Native>[])[] {
  // Without tasks there may still be outbox rows to change.
  if (tasks.length < 2) return [tasks];
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
