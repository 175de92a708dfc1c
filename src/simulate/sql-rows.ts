import type { MemoryDatabase } from "../adapters/memory/database.ts";
import { undoTo } from "../adapters/memory/table.ts";
import { MemoryTransaction, type Writer } from "../adapters/memory/transaction.ts";
import {
  type HandlerSavepoint,
  INNER_TRANSACTION,
  OwnSavepoint,
  type ScopeParts,
  SqliteScope,
} from "../adapters/sqlite/scope.ts";
import { type Connection, type Sql, TransactionSql } from "../adapters/sqlite/sql.ts";
import type { Receipt, Received, Writes, Written } from "../ports/bookkeeping.ts";
import type { Store } from "../ports/store.ts";
import type { StoreTransaction } from "../ports/transaction.ts";
import { Bookkeeping, type SimulatedDatabase } from "./database.ts";
import { KeptInMaps, NO_TABLES } from "./kept-in-maps.ts";
import { RunTransaction } from "./run-transaction.ts";

/** Takes back what a transaction has written, within the one of the run. */
const GROUP = {
  save: "SAVEPOINT odori_group",
  undo: "ROLLBACK TO odori_group",
  release: "RELEASE odori_group",
} as const;

/**
 * A service whose rows are in SQLite in memory, and whose bookkeeping is in maps: one process has
 * both, so that they commit together.
 */
export class SqlRows extends Bookkeeping implements SimulatedDatabase<Sql> {
  readonly connection: Connection;
  readonly #run: RunTransaction;
  /** Whether the transaction that is open has used its rows: most have nothing to take back. */
  #used = false;

  constructor() {
    super();
    this.#run = new RunTransaction();
    this.connection = this.#run.connection;
  }

  get rows(): Sql {
    return this.connection.raw;
  }

  open(): Store<Sql> {
    return new SqlRowsStore(this);
  }

  keep(): void {
    this.keepDeclarations();
    this.#run.keep();
  }

  reset(): void {
    this.clear();
    this.#run.reset();
  }

  close(): void {
    this.connection.database.close();
  }

  /** The connection for rows of the transaction that is open. */
  use(): Connection {
    if (!this.#used) this.connection.run(GROUP.save);
    this.#used = true;
    return this.connection;
  }

  /** Whether the transaction that is open has used its rows. */
  get used(): boolean {
    return this.#used;
  }

  /** Takes back all that the transaction that is open has done to its rows. */
  undo(): void {
    this.connection.run(GROUP.undo);
  }

  /** Runs `work` alone, and undoes what it wrote if it rejects. */
  transaction<T>(database: MemoryDatabase, work: (native: () => Sql) => Promise<T>): Promise<T> {
    let native: TransactionSql | undefined;
    const begin = () => {
      this.#used = false;
      return work(() => {
        native ??= new TransactionSql(() => this.use());
        return native;
      });
    };
    return database.exclusive(begin, (kept) => {
      native?.end();
      if (!this.#used) return;
      if (!kept) this.undo();
      this.connection.run(GROUP.release);
    });
  }
}

class SqlRowsStore extends KeptInMaps<Sql> implements Store<Sql> {
  readonly #rows: SqlRows;

  constructor(rows: SqlRows) {
    super(rows.database);
    this.#rows = rows;
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    const writer = this.writer();
    return this.#rows.transaction(this.database, (native) =>
      work(this.bookkeeping(native, writer)),
    );
  }

  detached(): SqlRowsScope {
    return this.#scope(this.writer(), true);
  }

  /** The bookkeeping of a transaction that is open. */
  bookkeeping(native: () => Sql, writer: Writer): StoreTransaction<Sql> {
    const scope = () => this.#scope(writer, false);
    return new SqlRowsTransaction(
      native,
      new MemoryTransaction(this.database, NO_TABLES, writer),
      scope,
    );
  }

  #scope(writer: Writer, detached: boolean): SqlRowsScope {
    const databases = { rows: this.#rows, database: this.database };
    return new SqlRowsScope(new SqlRowsParts(this, databases, writer, detached));
  }
}

class SqlRowsTransaction implements StoreTransaction<Sql> {
  readonly scope: () => SqlRowsScope;
  readonly #native: () => Sql;
  readonly #bookkeeping: MemoryTransaction;

  constructor(native: () => Sql, bookkeeping: MemoryTransaction, scope: () => SqlRowsScope) {
    this.#native = native;
    this.#bookkeeping = bookkeeping;
    this.scope = scope;
  }

  get native(): Sql {
    return this.#native();
  }

  receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    return this.#bookkeeping.receive(receipts);
  }

  write(writes: Writes): Promise<Written> {
    return this.#bookkeeping.write(writes);
  }
}

/** One handler: its rows in SQLite, and its bookkeeping in maps. */
class SqlRowsScope extends SqliteScope {
  readonly #parts: SqlRowsParts;

  constructor(parts: SqlRowsParts) {
    super(parts, parts);
    this.#parts = parts;
  }

  override detach(): this {
    this.#parts.detached = true;
    return super.detach();
  }

  override async complete<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    const result = await super.complete(work);
    this.#parts.held = false;
    return result;
  }

  override abandon(): Promise<void> {
    if (this.#parts.held) undoTo(this.#parts.database.log, 0);
    this.#parts.held = false;
    return super.abandon();
  }
}

/** The first handler of a group has the savepoint of the group: before it there is nothing. */
class FirstSavepoint implements HandlerSavepoint {
  readonly #rows: SqlRows;
  /** Undefined for the first handler. */
  #own: OwnSavepoint | undefined;

  constructor(rows: SqlRows) {
    this.#rows = rows;
  }

  begin(): void {
    this.#own = this.#rows.used ? new OwnSavepoint(this.#rows.connection) : undefined;
    if (this.#own === undefined) this.#rows.use();
    else this.#own.begin();
  }

  keep(): void {
    this.#own?.keep();
  }

  undo(): void {
    if (this.#own === undefined) this.#rows.undo();
    else this.#own.undo();
  }
}

/** What a scope uses of its store. */
class SqlRowsParts implements ScopeParts {
  readonly control = INNER_TRANSACTION;
  readonly savepoint: HandlerSavepoint;
  readonly database: MemoryDatabase;
  detached: boolean;
  /** Whether a detached handler has the database. */
  held = false;
  readonly #store: SqlRowsStore;
  readonly #rows: SqlRows;
  readonly #writer: Writer;

  constructor(
    store: SqlRowsStore,
    { rows, database }: { readonly rows: SqlRows; readonly database: MemoryDatabase },
    writer: Writer,
    detached: boolean,
  ) {
    this.#store = store;
    this.#rows = rows;
    this.savepoint = new FirstSavepoint(rows);
    this.database = database;
    this.#writer = writer;
    this.detached = detached;
  }

  get connection(): Connection {
    return this.detached ? this.#rows.connection : this.#rows.use();
  }

  tryAcquire(): (() => void) | undefined {
    const release = this.database.writer.tryAcquire();
    if (release === undefined) return undefined;
    this.database.log = [];
    this.held = true;
    return release;
  }

  bookkeeping(): StoreTransaction<Sql> {
    return this.#store.bookkeeping(() => this.#rows.connection, this.#writer);
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#store.transaction(work);
  }
}
