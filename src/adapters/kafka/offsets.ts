/** The progress in one partition: all messages before `next` are finished. */
class Progress {
  next: bigint;
  readonly #done = new Set<bigint>();
  readonly #taken = new Set<bigint>();

  constructor(first: bigint) {
    this.next = first;
  }

  /** Returns false for a message taken before: after a rebalance the broker repeats messages. */
  take(offset: bigint): boolean {
    if (offset < this.next || this.#taken.has(offset)) return false;
    this.#taken.add(offset);
    return true;
  }

  /**
   * Returns whether the offset to commit has moved. Offsets that are never delivered, such as
   * transaction markers, count as finished.
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

/** The place of a message. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** The messages in flight of all partitions, and the offsets that may be committed. */
export class Offsets {
  readonly #partitions = new Map<
    string,
    { readonly topic: string; readonly partition: number; readonly progress: Progress }
  >();
  #moved = new Set<string>();

  /** Returns false for a message taken before. */
  take({ topic, partition, offset }: Position): boolean {
    const key = `${partition} ${topic}`;
    const known = this.#partitions.get(key) ?? { topic, partition, progress: new Progress(offset) };
    this.#partitions.set(key, known);
    return known.progress.take(offset);
  }

  /** Marks a message as acknowledged. */
  finish({ topic, partition, offset }: Position): void {
    const key = `${partition} ${topic}`;
    if (this.#partitions.get(key)?.progress.finish(offset) === true) this.#moved.add(key);
  }

  /** Returns the offsets that have moved since the last call. */
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

  /** The most messages that one partition has taken beyond its offset to commit. */
  get behind(): number {
    return Math.max(0, ...[...this.#partitions.values()].map(({ progress }) => progress.behind));
  }
}
