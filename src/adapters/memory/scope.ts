import { Strays } from "../../adapter/strays.ts";
import type { OdoriError } from "../../contract/errors.ts";
import { storeContended, transactionClosed } from "../../ports/errors.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  StoreTransaction,
} from "../../ports/transaction.ts";
import type { MemoryDatabase } from "./database.ts";
import { MemoryTx } from "./native.ts";
import { type UndoLog, undoTo } from "./table.ts";

/** One handler, inside a transaction or with one of its own. */
export class MemoryScope implements HandlerScope<MemoryTx>, DetachedTransaction<MemoryTx> {
  readonly native: MemoryTx;
  flights = 0;
  contended = false;
  readonly #database: MemoryDatabase;
  readonly #begin: () => StoreTransaction<MemoryTx>;
  /** Length of the undo log before the handler. */
  readonly #savepoint: number;
  #detached: boolean;
  #open = true;
  readonly #strays = new Strays();
  /** Gives the database back; undefined until a detached handler has used it. */
  #release: (() => void) | undefined;

  /** `begin` makes the bookkeeping of a transaction of its own. */
  constructor(
    database: MemoryDatabase,
    begin: () => StoreTransaction<MemoryTx>,
    { detached }: { readonly detached: boolean },
  ) {
    this.#database = database;
    this.#begin = begin;
    this.#detached = detached;
    this.#savepoint = detached ? 0 : database.log.length;
    this.native = new MemoryTx(() => this.#use(), database.tables);
  }

  get touched(): boolean {
    return this.flights > 0;
  }

  returned(report: (error: OdoriError) => void): void {
    this.#strays.watch(report);
  }

  keep(): void {
    this.#open = false;
    this.#strays.check();
  }

  undo(): void {
    this.#open = false;
    undoTo(this.#database.log, this.#savepoint);
  }

  detach(): this {
    this.#detached = true;
    return this;
  }

  async complete<T>(work: (tx: StoreTransaction<MemoryTx>) => Promise<T>): Promise<T> {
    this.#open = false;
    if (this.contended) throw storeContended();
    if (this.#release === undefined) return this.#database.exclusive(() => work(this.#begin()));
    const result = await work(this.#begin());
    this.#strays.check();
    this.#end();
    return result;
  }

  async abandon(): Promise<void> {
    this.#open = false;
    if (this.#release === undefined) return;
    undoTo(this.#database.log, 0);
    this.#end();
  }

  #use(): UndoLog | undefined {
    if (this.#strays.has()) return undefined;
    if (!this.#open) throw transactionClosed();
    this.flights++;
    if (this.#detached && this.#release === undefined) {
      this.#release = this.#database.writer.tryAcquire();
      if (this.#release === undefined) {
        this.contended = true;
        throw storeContended();
      }
      this.#database.log = [];
    }
    return this.#database.log;
  }

  /** The transaction that the handler shares has ended: what it still does must reach no other. */
  end(): void {
    if (!this.#detached) this.#open = false;
  }

  #end(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
