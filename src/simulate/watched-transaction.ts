import type { OdoriError } from "../contract/errors.ts";
import type { Receipt, Received, Writes, Written } from "../ports/bookkeeping.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  ScopeOptions,
  StoreTransaction,
  WriteOptions,
} from "../ports/transaction.ts";

/** What a process learns of its transactions. */
export interface TransactionWatch<Native> {
  /** A handler goes on with a transaction of its own. */
  detached(inner: DetachedTransaction<Native>): DetachedTransaction<Native>;
  /** Throws where the process is dead. */
  check(): void;
}

/** A transaction of a process that may die: it keeps what was written, and its last scope. */
export class WatchedTransaction<Native> implements StoreTransaction<Native> {
  readonly written: Writes[] = [];
  readonly #inner: StoreTransaction<Native>;
  readonly #watch: TransactionWatch<Native>;
  #last: HandlerScope<Native> | undefined;

  constructor(inner: StoreTransaction<Native>, watch: TransactionWatch<Native>) {
    this.#inner = inner;
    this.#watch = watch;
  }

  get native(): Native {
    return this.#inner.native;
  }

  scope(options?: ScopeOptions): HandlerScope<Native> {
    this.#watch.check();
    this.#last = this.#inner.scope(options);
    return new WatchedScope(this.#last, this.#watch);
  }

  receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    this.#watch.check();
    return this.#inner.receive(receipts);
  }

  write(writes: Writes, options?: WriteOptions): Promise<Written> {
    this.#watch.check();
    this.written.push(writes);
    return this.#inner.write(writes, options);
  }

  /** The handler of a dead process may go on: it has no transaction any more. */
  async closeScope(): Promise<void> {
    try {
      await this.#last?.undo();
    } catch {
      // It had ended before.
    }
  }
}

class WatchedScope<Native> implements HandlerScope<Native> {
  readonly native: Native;
  readonly #inner: HandlerScope<Native>;
  readonly #watch: TransactionWatch<Native>;

  constructor(inner: HandlerScope<Native>, watch: TransactionWatch<Native>) {
    this.native = inner.native;
    this.#inner = inner;
    this.#watch = watch;
  }

  get touched(): boolean {
    return this.#inner.touched;
  }

  get flights(): number {
    return this.#inner.flights;
  }

  get contended(): boolean {
    return this.#inner.contended;
  }

  returned(report: (error: OdoriError) => void): void {
    this.#inner.returned(report);
  }

  sent(): Promise<void> | undefined {
    return this.#inner.sent?.();
  }

  keep(): void | Promise<void> {
    return this.#inner.keep();
  }

  undo(): void | Promise<void> {
    return this.#inner.undo();
  }

  detach(): DetachedTransaction<Native> {
    return this.#watch.detached(this.#inner.detach());
  }
}
