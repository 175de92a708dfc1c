/** What a tree is made of: steps, of which each names its cause. */
interface Caused {
  readonly n: number;
  readonly cause?: number;
}

/** A step at its place in the tree of causes. */
export interface Branch<T> {
  readonly step: T;
  readonly depth: number;
}

/** Depth first, without a stack of calls: a saga may be a chain of 20,000 steps. */
export function treeOf<T extends Caused>(steps: readonly T[]): readonly Branch<T>[] {
  const children = new Map<number | undefined, T[]>();
  const known = new Set(steps.map(({ n }) => n));
  for (const step of steps) {
    const cause = step.cause !== undefined && known.has(step.cause) ? step.cause : undefined;
    const own = children.get(cause) ?? [];
    own.push(step);
    children.set(cause, own);
  }
  const branches: Branch<T>[] = [];
  const waiting = (children.get(undefined) ?? []).toReversed().map((step) => ({ step, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    branches.push(next);
    const { depth } = next;
    for (const step of (children.get(next.step.n) ?? []).toReversed())
      waiting.push({ step, depth: depth + 1 });
  }
  return branches;
}
