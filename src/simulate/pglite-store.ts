import type { MemoryDatabase } from "../adapters/memory/database.ts";
import { undoTo } from "../adapters/memory/table.ts";
import { MemoryTransaction, type Writer } from "../adapters/memory/transaction.ts";
import type { Sql } from "../adapters/postgres/native.ts";
import type { OpenTransaction } from "../adapters/postgres/open-transaction.ts";
import { PostgresScope, type ScopeParts } from "../adapters/postgres/scope.ts";
import type { Receipt, Received, Writes, Written } from "../ports/bookkeeping.ts";
import type { Store } from "../ports/store.ts";
import type { ScopeOptions, StoreTransaction } from "../ports/transaction.ts";
import { KeptInMaps, NO_TABLES } from "./kept-in-maps.ts";
import { acquire } from "./pglite-connection.ts";

/** The database of a service, as its stores see it. */
export interface PgliteDatabase {
  /** The bookkeeping. */
  readonly database: MemoryDatabase;
  /** Opens a transaction over the rows, which begins with its first statement. */
  begin(now: () => number): OpenTransaction;
}

/** A store of one process: the rows of its handlers in PGlite, its bookkeeping in maps. */
export class PgliteStore extends KeptInMaps<Sql> implements Store<Sql> {
  readonly #rows: PgliteDatabase;
  readonly #scopeParts: ScopeParts = {
    begin: () => this.#beginAlone(),
    // A statement has its reply before anything else happens.
    interrupt: async () => "none",
    finish: (open, work) => this.#finish(open, work),
    transaction: (work) => this.transaction(work),
  };

  constructor(rows: PgliteDatabase) {
    super(rows.database);
    this.#rows = rows;
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    const writer = this.writer();
    return this.database.exclusive(async () => {
      const open = this.#rows.begin(writer.now);
      try {
        return await this.#finish(open, work);
      } catch (error) {
        await open.rollback(error);
        throw error;
      }
    });
  }

  detached(): PostgresScope {
    return new PostgresScope(this.#scopeParts, undefined);
  }

  /**
   * Opens the transaction of a handler by itself. It holds the writer before the session, as every
   * transaction does: in another order two would wait for one another.
   */
  async #beginAlone(): Promise<OpenTransaction> {
    const { now } = this.writer();
    const database = this.database;
    const release = await acquire(database.writer);
    database.log = [];
    const open = this.#rows.begin(now);
    open.onRelease(() => {
      // Empty after a commit.
      undoTo(database.log, 0);
      release();
    });
    return open;
  }

  async #finish<T>(
    open: OpenTransaction,
    work: (tx: StoreTransaction<Sql>) => Promise<T>,
  ): Promise<T> {
    const result = await work(
      new PgliteTransaction(open, this.database, this.writer(), this.#scopeParts),
    );
    await open.sql.sent();
    open.sql.end();
    await open.sql.committed();
    this.database.log = [];
    open.release();
    return result;
  }
}

class PgliteTransaction implements StoreTransaction<Sql> {
  readonly #open: OpenTransaction;
  readonly #bookkeeping: MemoryTransaction;
  readonly #parts: ScopeParts;

  constructor(open: OpenTransaction, database: MemoryDatabase, writer: Writer, parts: ScopeParts) {
    this.#open = open;
    this.#bookkeeping = new MemoryTransaction(database, NO_TABLES, writer);
    this.#parts = parts;
  }

  get native(): Sql {
    return this.#open.sql;
  }

  scope(options?: ScopeOptions): PostgresScope {
    return new PostgresScope(this.#parts, this.#open, options);
  }

  receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    return this.#bookkeeping.receive(receipts);
  }

  write(writes: Writes): Promise<Written> {
    this.#open.leaveSavepoint();
    return this.#bookkeeping.write(writes);
  }
}
