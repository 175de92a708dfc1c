/** Functions that undo the changes of a transaction. A rollback runs them, newest first. */
export type UndoLog = (() => void)[];

/** What changes are noted in: asked at every access, also to read. Without one, nothing is done. */
export interface Logged {
  readonly log: UndoLog | undefined;
}

/** Takes changes back, newest first, until `length` of them are left. */
export function undoTo(log: UndoLog, length: number): void {
  while (log.length > length) log.pop()?.();
}

/**
 * A `Map` of anything but `undefined`, whose changes are taken back when the transaction rolls
 * back.
 */
export class TransactionalMap<K, V extends NonNullable<unknown> | null> {
  readonly #map: Map<K, V>;
  readonly #within: Logged;

  constructor(map: Map<K, V>, within: Logged) {
    this.#map = map;
    this.#within = within;
  }

  get(key: K): V | undefined {
    return this.#within.log && this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#within.log !== undefined && this.#map.has(key);
  }

  set(key: K, value: V): void {
    const log = this.#within.log;
    if (log === undefined) return;
    const map = this.#map;
    const before = map.get(key);
    log.push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
    map.set(key, value);
  }

  delete(key: K): boolean {
    const log = this.#within.log;
    if (log === undefined) return false;
    const map = this.#map;
    const before = map.get(key);
    if (before !== undefined) log.push(() => map.set(key, before));
    return map.delete(key);
  }

  values(): IterableIterator<V> {
    return this.#within.log === undefined ? new Map<K, V>().values() : this.#map.values();
  }

  get size(): number {
    return this.#within.log === undefined ? 0 : this.#map.size;
  }
}
