import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { MemoryDatabase } from "../adapters/memory/database.ts";
import { MemoryTx } from "../adapters/memory/native.ts";
import { MemoryStore } from "../adapters/memory/store.ts";
import { undoTo } from "../adapters/memory/table.ts";
import { MemoryTransaction, type Writer } from "../adapters/memory/transaction.ts";
import { type ScopeParts, SqliteScope, type TransactionControl } from "../adapters/sqlite/scope.ts";
import { Connection, type Sql, TransactionSql } from "../adapters/sqlite/sql.ts";
import type { Receipt, Received, Writes, Written } from "../ports/bookkeeping.ts";
import type { CensusRow } from "../ports/declarations.ts";
import { storeNotOpen, transactionClosed } from "../ports/errors.ts";
import type { Claimed, ClaimOptions, Opened, Purged, Session, Store } from "../ports/store.ts";
import type { StoreTransaction } from "../ports/transaction.ts";
import { Bookkeeping, type SimulatedDatabase } from "./database.ts";

/** Transactions are inside one of the run, which is rolled back for the next run. */
const INSIDE: TransactionControl = {
  begin: "SAVEPOINT odori_alone",
  commit: "RELEASE odori_alone",
  rollback: "ROLLBACK TO odori_alone; RELEASE odori_alone",
};

/** Nothing has to survive this process. */
const IN_MEMORY = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF";

type Command = "begin" | "rollback" | "save" | "release" | "undo";

/**
 * A service whose rows are in SQLite in memory, and whose bookkeeping is in maps: one process has
 * both, so that they commit together.
 */
export class SqlRows extends Bookkeeping implements SimulatedDatabase<Sql> {
  readonly connection: Connection;
  readonly #commands: Readonly<Record<Command, StatementSync>>;

  constructor() {
    super();
    const sqlite = new DatabaseSync(":memory:");
    sqlite.exec(IN_MEMORY);
    this.connection = new Connection(":memory:", sqlite);
    this.#commands = {
      begin: sqlite.prepare("BEGIN"),
      rollback: sqlite.prepare("ROLLBACK"),
      save: sqlite.prepare("SAVEPOINT odori_group"),
      release: sqlite.prepare("RELEASE odori_group"),
      undo: sqlite.prepare("ROLLBACK TO odori_group"),
    };
    this.#commands.begin.run();
  }

  get rows(): Sql {
    return this.connection.raw;
  }

  open(): Store<Sql> {
    return new SqlRowsStore(this);
  }

  keep(): void {
    this.keepDeclarations();
    this.connection.database.exec("COMMIT");
    this.#commands.begin.run();
  }

  reset(): void {
    this.clear();
    // A statement such as `INSERT OR ROLLBACK` may have ended it.
    if (this.connection.database.isTransaction) this.#commands.rollback.run();
    this.#commands.begin.run();
  }

  close(): void {
    this.connection.database.close();
  }

  /** Runs `work` alone, and undoes what it wrote if it rejects. */
  transaction<T>(database: MemoryDatabase, work: () => Promise<T>): Promise<T> {
    const { save, release, undo } = this.#commands;
    return database.exclusive(async () => {
      save.run();
      try {
        return await work();
      } catch (error) {
        undo.run();
        throw error;
      } finally {
        release.run();
      }
    });
  }
}

class SqlRowsStore implements Store<Sql> {
  readonly durable = true;
  readonly lanes = 1;
  readonly inspect: MemoryStore["inspect"];
  readonly declarations: MemoryStore["declarations"];
  readonly #rows: SqlRows;
  readonly #database: MemoryDatabase;
  readonly #inner: MemoryStore;
  #session: Session | undefined;

  constructor(rows: SqlRows) {
    this.#rows = rows;
    this.#database = rows.database;
    this.#inner = new MemoryStore(rows.database);
    this.inspect = this.#inner.inspect;
    this.declarations = this.#inner.declarations;
  }

  open(session: Session): Promise<Opened> {
    this.#session = session;
    return this.#inner.open(session);
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    const writer = this.#writer();
    return this.#rows.transaction(this.#database, async () => {
      const native = new TransactionSql(this.#rows.connection);
      try {
        return await work(this.#bookkeeping(native, writer));
      } finally {
        native.end();
      }
    });
  }

  detached(): SqlRowsScope {
    return this.#scope(this.#writer(), true);
  }

  /** The database belongs to the simulation, so a caller has no transaction of it. */
  join(): StoreTransaction<Sql> {
    throw transactionClosed();
  }

  claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    return this.#inner.claim(limit, options);
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#inner.purge(olderThanMs, limit);
  }

  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    return this.#inner.census(kind);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #writer(): Writer {
    if (this.#session === undefined) throw storeNotOpen();
    const { owner, now, fingerprint } = this.#session;
    return { owner, now, fingerprint };
  }

  #bookkeeping(native: Sql, writer: Writer): StoreTransaction<Sql> {
    const scope = () => this.#scope(writer, false);
    return new SqlRowsTransaction(
      native,
      new MemoryTransaction(this.#database, CLOSED, writer),
      scope,
    );
  }

  #scope(writer: Writer, detached: boolean): SqlRowsScope {
    const { connection } = this.#rows;
    return new SqlRowsScope(
      this.#database,
      { detached },
      {
        connection,
        control: INSIDE,
        bookkeeping: () => this.#bookkeeping(connection, writer),
        transaction: (work) => this.transaction(work),
      },
    );
  }
}

/** The bookkeeping has no transaction for handlers. */
const CLOSED = new MemoryTx(() => {
  throw transactionClosed();
});

class SqlRowsTransaction implements StoreTransaction<Sql> {
  readonly native: Sql;
  readonly scope: () => SqlRowsScope;
  readonly #bookkeeping: MemoryTransaction;

  constructor(native: Sql, bookkeeping: MemoryTransaction, scope: () => SqlRowsScope) {
    this.native = native;
    this.#bookkeeping = bookkeeping;
    this.scope = scope;
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
  readonly #database: MemoryDatabase;
  readonly #lock: { held: boolean };

  constructor(
    database: MemoryDatabase,
    options: { readonly detached: boolean },
    parts: Omit<ScopeParts, "tryAcquire">,
  ) {
    const lock = { held: false };
    const tryAcquire = () => {
      const release = database.writer.tryAcquire();
      if (release === undefined) return undefined;
      database.log = [];
      lock.held = true;
      return release;
    };
    super({ ...parts, tryAcquire }, options);
    this.#database = database;
    this.#lock = lock;
  }

  override async complete<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    const result = await super.complete(work);
    this.#lock.held = false;
    return result;
  }

  override abandon(): Promise<void> {
    if (this.#lock.held) undoTo(this.#database.log, 0);
    this.#lock.held = false;
    return super.abandon();
  }
}
