/** Every state that can follow: certainly, or only if something comes from outside or again. */
export interface Following<State> {
  readonly certain: readonly State[];
  readonly possible: readonly State[];
}

/** A saga as a plain interpreter plays it. */
interface Played<State> {
  beginnings(): readonly State[];
  next(state: State): Following<State>;
  /** Asked of each state after which nothing certain follows. */
  judge(state: State): void;
}

/** Visits every state, breadth first, and counts them; undefined if there are too many. */
export function searchPlainly<State>(
  saga: Played<State>,
  textOf: (state: State) => string,
  statesMax: number,
): number | undefined {
  const seen = new Set<string>();
  const queue: State[] = [];
  const visit = (state: State) => {
    const key = textOf(state);
    if (seen.has(key)) return;
    seen.add(key);
    queue.push(state);
  };
  for (const state of saga.beginnings()) visit(state);
  // The queue grows while it is read.
  for (const state of queue) {
    if (seen.size > statesMax) return undefined;
    const { certain, possible } = saga.next(state);
    if (certain.length === 0) saga.judge(state);
    for (const next of [...certain, ...possible]) visit(next);
  }
  return seen.size;
}
