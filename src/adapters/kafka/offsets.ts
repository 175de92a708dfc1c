/**
 * What of one partition is done: the offset up to which nothing is left to do, with gaps behind it.
 */
class Progress {
  next: bigint;
  readonly #done = new Set<bigint>();
  readonly #taken = new Set<bigint>();

  constructor(first: bigint) {
    this.next = first;
  }

  /**
   * False where it has been taken before: a rebalance makes the broker send again what is under way
   * here.
   */
  take(offset: bigint): boolean {
    if (offset < this.next || this.#taken.has(offset)) return false;
    this.#taken.add(offset);
    return true;
  }

  /**
   * Whether the offset to commit has moved. Offsets that never came (of transactions) lie before
   * the lowest that is taken.
   */
  finish(offset: bigint): boolean {
    const before = this.next;
    this.#done.add(offset);
    for (const lowest of this.#taken) {
      if (!this.#done.delete(lowest)) break;
      this.#taken.delete(lowest);
      this.next = lowest + 1n;
    }
    return this.next > before;
  }

  get behind(): number {
    return this.#taken.size;
  }
}

export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Messages of all partitions that are under way, and what may be committed. */
export class Offsets {
  readonly #partitions = new Map<
    string,
    { readonly topic: string; readonly partition: number; readonly progress: Progress }
  >();
  #moved = new Set<string>();

  take({ topic, partition, offset }: Position): boolean {
    const key = `${partition} ${topic}`;
    const known = this.#partitions.get(key) ?? { topic, partition, progress: new Progress(offset) };
    this.#partitions.set(key, known);
    return known.progress.take(offset);
  }

  finish({ topic, partition, offset }: Position): void {
    const key = `${partition} ${topic}`;
    if (this.#partitions.get(key)?.progress.finish(offset) === true) this.#moved.add(key);
  }

  /** What has moved since the last time. */
  toCommit(): readonly Position[] {
    const moved = this.#moved;
    this.#moved = new Set();
    return [...moved].flatMap((key) => {
      const known = this.#partitions.get(key);
      return known === undefined
        ? []
        : [{ topic: known.topic, partition: known.partition, offset: known.progress.next }];
    });
  }

  /** The most messages that one partition has taken since the last one that can be committed. */
  get behind(): number {
    return Math.max(0, ...[...this.#partitions.values()].map(({ progress }) => progress.behind));
  }
}
