/** What is handled together, and who waits for it. */
interface Waiting<Item> {
  readonly items: readonly Item[];
  readonly done: () => void;
}

/**
 * Takes all that is queued, up to a size, whenever a handler is idle: one batch in flight for each
 * handler, and no timer.
 */
export class Batcher<Item> {
  readonly #size: number;
  readonly #idle: ((items: readonly Item[]) => Promise<void>)[];
  readonly #queue: Waiting<Item>[] = [];
  #woken = false;

  constructor(size: number, handlers: readonly ((items: readonly Item[]) => Promise<void>)[]) {
    this.#size = size;
    this.#idle = [...handlers];
  }

  /** Resolves once the items are handled. */
  take(items: readonly Item[]): Promise<void> {
    return new Promise((done) => {
      this.#queue.push({ items, done });
      if (this.#woken) return;
      this.#woken = true;
      // What comes in the same turn is handled together.
      queueMicrotask(() => {
        this.#woken = false;
        this.#run();
      });
    });
  }

  #run(): void {
    while (this.#queue.length > 0) {
      const handle = this.#idle.pop();
      if (handle === undefined) return;
      const batch = this.#next();
      handle(batch.flatMap(({ items }) => items)).then(() => {
        for (const { done } of batch) done();
        this.#idle.push(handle);
        this.#run();
      }, end);
    }
  }

  #next(): readonly Waiting<Item>[] {
    let count = 0;
    let size = 0;
    for (const { items } of this.#queue) {
      if (size > 0 && size + items.length > this.#size) break;
      size += items.length;
      count++;
    }
    return this.#queue.splice(0, count);
  }
}

/** A run in which something fails would not count anyway. */
export function end(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
}
