/** Functions that undo the changes of a transaction. A rollback runs them, newest first. */
export type UndoLog = (() => void)[];

/** A `Map` whose changes are undone when the transaction rolls back. */
export class TransactionalMap<K, V extends NonNullable<unknown> | null> {
  readonly #map: Map<K, V>;
  readonly #log: () => UndoLog;

  constructor(map: Map<K, V>, log: () => UndoLog) {
    this.#map = map;
    this.#log = log;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    const map = this.#map;
    const before = map.get(key);
    this.#log().push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
    map.set(key, value);
  }

  delete(key: K): boolean {
    const map = this.#map;
    const before = map.get(key);
    if (before !== undefined) this.#log().push(() => map.set(key, before));
    return map.delete(key);
  }

  values(): IterableIterator<V> {
    return this.#map.values();
  }

  get size(): number {
    return this.#map.size;
  }
}
