/** Functions that undo the changes of a transaction. A rollback runs them, newest first. */
export type UndoLog = (() => void)[];

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
  readonly #log: () => UndoLog;

  /** `log` is asked at every access, also to read. */
  constructor(map: Map<K, V>, log: () => UndoLog) {
    this.#map = map;
    this.#log = log;
  }

  get(key: K): V | undefined {
    this.#log();
    return this.#map.get(key);
  }

  has(key: K): boolean {
    this.#log();
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    const log = this.#log();
    const map = this.#map;
    const before = map.get(key);
    log.push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
    map.set(key, value);
  }

  delete(key: K): boolean {
    const log = this.#log();
    const map = this.#map;
    const before = map.get(key);
    if (before !== undefined) log.push(() => map.set(key, before));
    return map.delete(key);
  }

  values(): IterableIterator<V> {
    this.#log();
    return this.#map.values();
  }

  get size(): number {
    this.#log();
    return this.#map.size;
  }
}
