/** Offsets that were never received: `from` up to and without `to`. */
interface Gap {
  readonly from: bigint;
  readonly to: bigint;
}

/** The progress in one partition: all messages before `next` are finished. */
class Progress {
  next: bigint;
  /** One more than the highest offset that was received. */
  #received = -1n;
  /** Whether `#received` is where the group is: another member may have had the partition. */
  #current = false;
  #gaps: Gap[] = [];
  readonly #done = new Set<bigint>();
  readonly #taken = new Set<bigint>();

  constructor(first: bigint) {
    this.next = first;
  }

  /** Returns false for a message taken before: after a rebalance the broker repeats messages. */
  take(offset: bigint): boolean {
    if (this.#current && offset > this.#received && this.#gaps.length < GAPS_MAX)
      this.#gaps.push({ from: this.#received, to: offset });
    if (offset >= this.#received) this.#received = offset + 1n;
    this.#current = true;
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
      if (lowest >= this.next) this.next = lowest + 1n;
    }
    return this.next > before;
  }

  /** Where the partition goes on; `place` is the group's. */
  receivedUpTo(place: bigint): bigint {
    return this.#current || this.#received > place ? this.#received : place;
  }

  /** Returns how many messages the gaps had that were deleted, and forgets the gaps. */
  takeGaps(oldest: bigint): bigint {
    const gone = this.#gaps.splice(0).filter(({ to }) => to <= oldest);
    return gone.reduce((sum, { from, to }) => sum + to - from, 0n);
  }

  /** What is below is not in the log any more: no commit may lead back there. */
  moveTo(oldest: bigint): void {
    if (this.#received < oldest) this.#received = oldest;
    if (this.next < oldest) this.next = oldest;
  }

  /** From now on what is left out may be another member's. */
  rejoined(): void {
    this.#current = false;
    this.#gaps = [];
  }

  get behind(): number {
    return this.#taken.size;
  }
}

/** How many messages there are before the oldest; a group without a place misses none. */
function missing(oldest: bigint, place: bigint): bigint {
  return place < 0n || place >= oldest ? 0n : oldest - place;
}

/** Gaps of a partition that are kept until the next check, at most. */
const GAPS_MAX = 100;

/** The place of a message. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Where a partition's log begins, where its group is, and what its member does. */
export interface Bounds {
  readonly oldest: bigint;
  readonly place: bigint;
  /** `new`: it has asked for nothing yet. `busy`: what it has in memory may precede the log. */
  readonly member: "new" | "idle" | "busy";
}

/** The messages in flight of all partitions, and the offsets that may be committed. */
export class Offsets {
  readonly #partitions = new Map<
    string,
    { readonly topic: string; readonly partition: number; readonly progress: Progress }
  >();
  #moved = new Set<string>();
  /** By partition, from where on messages were missing at the last check. */
  readonly #missingFrom = new Map<string, bigint>();

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

  /**
   * How many messages of a partition were never received, and are not in its log any more, which
   * begins with `oldest`. Each is counted once. `place` is where the group goes on if this member
   * has received none. A gap that the log still has is one of transaction markers.
   */
  forgotten(
    { topic, partition }: Pick<Position, "topic" | "partition">,
    { oldest, place, member }: Bounds,
  ): bigint {
    const key = `${partition} ${topic}`;
    const progress = this.#partitions.get(key)?.progress;
    const received = progress?.receivedUpTo(place) ?? place;
    const behind = member === "busy" ? 0n : missing(oldest, received);
    // What was asked for before may still arrive: it is missing if the next check finds it so.
    const counts = member === "new" || this.#missingFrom.get(key) === received;
    this.#missingFrom.delete(key);
    if (behind > 0n && !counts) this.#missingFrom.set(key, received);
    const count = (progress?.takeGaps(oldest) ?? 0n) + (counts ? behind : 0n);
    if (count > 0n) progress?.moveTo(oldest);
    return count;
  }

  /** Other members may have had any partition meanwhile: what is left out is theirs. */
  rejoined(): void {
    for (const { progress } of this.#partitions.values()) progress.rejoined();
    this.#missingFrom.clear();
  }

  /** The most messages that one partition has taken beyond its offset to commit. */
  get behind(): number {
    return Math.max(0, ...[...this.#partitions.values()].map(({ progress }) => progress.behind));
  }
}
