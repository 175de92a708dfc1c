import { callersScope } from "../../adapter/callers-scope.ts";
import { claimLimits } from "../../adapter/claim-limits.ts";
import { Mutex } from "../../adapter/mutex.ts";
import type { CensusRow } from "../../ports/declarations.ts";
import { storeNotOpen } from "../../ports/errors.ts";
import type { BusFault } from "../../ports/inspection.ts";
import {
  type Claimed,
  type ClaimOptions,
  NOTHING_TAKEN_OVER,
  type Opened,
  type Purged,
  type Session,
  type Store,
} from "../../ports/store.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import { census } from "./census.ts";
import { claim, giveBack, peek } from "./claim.ts";
import {
  begin,
  commit,
  connect,
  connectPatiently,
  connectToExisting,
  rollback,
  unsynced,
} from "./connect.ts";
import { SqliteDeclarations } from "./declarations.ts";
import { type Access, SqliteInspection } from "./inspect.ts";
import { SqliteMembers } from "./members.ts";
import { PURGE_START, type PurgeCursor, purge } from "./purge.ts";
import { checkSchema, migrate } from "./schema.ts";
import {
  INNER_TRANSACTION,
  OWN_TRANSACTION,
  OwnSavepoint,
  type ScopeParts,
  SqliteScope,
  type TransactionControl,
} from "./scope.ts";
import { type Connection, type Sql, TransactionSql } from "./sql.ts";
import { SqliteTransaction } from "./transaction.ts";
import { examineVersion } from "./version.ts";

/** Options of `sqlite`. */
export interface SqliteOptions {
  /**
   * How long to wait for another process's transaction, in milliseconds.
   *
   * @default 5000
   */
  readonly busyTimeoutMs?: number;
  /**
   * Largest size of the file in bytes; a larger write fails with `STORE_FULL`.
   *
   * @default no limit
   */
  readonly maxBytes?: number;
}

/**
 * A connection with a transaction open on it: those of the store are inside, and survive nothing by
 * themselves.
 */
export interface SharedConnection {
  readonly connection: Connection;
  readonly writer: Mutex;
}

const BUSY_TIMEOUT_MS = 5_000;

/** A store in one SQLite file, through `node:sqlite`. */
export class SqliteStore implements Store<Sql> {
  readonly durable: boolean;
  /** One: SQLite lets one transaction write at a time. */
  readonly lanes = 1;
  readonly inspect: SqliteInspection;
  readonly declarations: SqliteDeclarations;
  /** The file; `":memory:"` for none. */
  readonly path: string;
  readonly #options: { readonly busyTimeoutMs: number; readonly maxBytes: number | undefined };
  readonly #writer: Mutex;
  readonly #control: TransactionControl;
  #connection: Connection | undefined;
  #session: Session | undefined;
  #closed = false;
  #members: SqliteMembers | undefined;
  #purged: PurgeCursor = PURGE_START;

  /** `shared` is for the simulation. */
  constructor(path: string, options: SqliteOptions = {}, shared?: SharedConnection) {
    this.path = path;
    this.#writer = shared?.writer ?? new Mutex();
    this.#control = shared === undefined ? OWN_TRANSACTION : INNER_TRANSACTION;
    this.#connection = shared?.connection;
    this.durable = path !== ":memory:";
    this.#options = {
      busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      maxBytes: options.maxBytes,
    };
    const access: Access = {
      read: (work) => this.#writer.run(async () => work(this.#inspected())),
      write: (work) =>
        this.#writer.run(() =>
          this.#commit(this.#inspected(), async (connection) => work(connection)),
        ),
      now: () => this.#now(),
    };
    this.inspect = new SqliteInspection(access);
    this.declarations = new SqliteDeclarations(access);
  }

  /** Returns the service that owns the database; throws `DATA_NOT_FOUND` if there is none. */
  service(): string {
    return checkSchema(this.#inspected());
  }

  open(session: Session): Promise<Opened> {
    return this.#writer.run(async () => {
      this.#closed = false;
      // The inspection opens the file without the settings that writing needs.
      if (this.durable) this.#forget();
      this.#connection ??= await connectPatiently(this.path, this.#options);
      const connection = this.#connection;
      await this.#commit(connection, async () => migrate(connection, session.service));
      const members = new SqliteMembers(this.path, session);
      this.#members = members;
      const others = await this.#commit(connection, async () => members.join(connection));
      // Set last: `close` takes the process out of the tables.
      this.#session = session;
      const { warning } = examineVersion(connection);
      return { warnings: warning === undefined ? [] : [warning], others };
    });
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#writer.run(() =>
      this.#commit(this.#connect(), async (connection) => {
        const sql = new TransactionSql(() => connection);
        const scopes: SqliteScope[] = [];
        try {
          return await work(this.#bookkeeping(connection, sql, scopes));
        } finally {
          sql.end();
          for (const scope of scopes) scope.end();
        }
      }),
    );
  }

  detached(): SqliteScope {
    const connection = this.#connect();
    return this.#scope(connection, true);
  }

  join(native: Sql): StoreTransaction<Sql> {
    const writer = { owner: null, now: this.#now, fingerprint: this.#session?.fingerprint };
    return new SqliteTransaction(native, writer, () => callersScope(native));
  }

  beat(): Promise<void> {
    return this.#writer.run(async () => {
      const members = this.#members;
      if (members === undefined) return;
      await this.#unsynced(async (connection) => members.beat(connection));
    });
  }

  claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    const limits = claimLimits(limit, options);
    return this.#writer.run(async () => {
      const session = this.#session;
      const members = this.#members;
      if (session === undefined || members === undefined) throw storeNotOpen();
      const connection = this.#connect();
      const look = members.look(connection);
      const { lost } = look;
      const { any, nextDueMs } = peek(connection, session, limits);
      // Usually there is nothing to take; finding that out takes no lock.
      if (!any && !lost && look.dead.length === 0) {
        const died = members.hasDied(connection);
        const nothing = { outbox: [], deferred: [], takenOver: NOTHING_TAKEN_OVER };
        return { ...nothing, nextDueMs, died, lost };
      }
      // After a power failure no process holds a claim: what it took is free again.
      return this.#unsynced(async () => {
        const processes = members.settle(connection, look);
        const { orphans, ...taken } = claim(connection, session, limits);
        const died = members.hasDied(connection);
        return { ...taken, died, takenOver: { processes, ...orphans }, lost };
      });
    });
  }

  putBacklog(deliveries: number, askedMs: number): Promise<void> {
    return this.#tell((members, connection) => members.tell(connection, deliveries, askedMs));
  }

  #tell(write: (members: SqliteMembers, connection: Connection) => void): Promise<void> {
    return this.#writer.run(async () => {
      const members = this.#members;
      if (members === undefined) throw storeNotOpen();
      // After a power failure the process that has told it is gone as well.
      await this.#unsynced(async (connection) => write(members, connection));
    });
  }

  putBusFault(fault: BusFault | undefined): Promise<void> {
    return this.#tell((members, connection) => members.tellFault(connection, fault));
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#writer.run(async () => {
      const before = this.#now() - olderThanMs;
      const purged = await this.#commit(this.#connect(), async (connection) =>
        purge(connection, this.#purged, before, limit),
      );
      this.#purged = purged.cursor;
      return { rows: purged.rows, more: purged.more };
    });
  }

  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    return this.#writer.run(async () => census(this.#inspected(), kind));
  }

  close(): Promise<void> {
    return this.#writer.run(async () => {
      const connection = this.#connection;
      const session = this.#session;
      this.#closed = true;
      const members = this.#members;
      this.#session = undefined;
      this.#members = undefined;
      if (connection === undefined) return;
      try {
        if (session !== undefined) {
          giveBack(connection, session);
          members?.leave(connection);
        }
      } finally {
        members?.release();
        // A database in memory lasts as long as its store: a later `open` finds it.
        if (this.durable) this.#forget();
      }
    });
  }

  readonly #now = (): number => this.#session?.now() ?? Date.now();

  /** `scopes` gets those that are made. */
  #bookkeeping(connection: Connection, sql: Sql, scopes: SqliteScope[]): SqliteTransaction {
    const { owner = null, fingerprint } = this.#session ?? {};
    const writer = { owner, now: this.#now, fingerprint };
    return new SqliteTransaction(sql, writer, () => {
      const scope = this.#scope(connection, false);
      scopes.push(scope);
      return scope;
    });
  }

  #scope(connection: Connection, detached: boolean): SqliteScope {
    const parts: ScopeParts = {
      connection,
      control: this.#control,
      savepoint: new OwnSavepoint(connection),
      tryAcquire: () => this.#writer.tryAcquire(),
      // A handler by itself outlives the transaction that it was taken out of, and its `sql`.
      bookkeeping: () => this.#bookkeeping(connection, connection, []),
      transaction: (work) => this.transaction(work),
    };
    return new SqliteScope(parts, { detached });
  }

  #forget(): void {
    this.#connection?.database.close();
    this.#connection = undefined;
  }

  #connect(): Connection {
    // A file that is opened now would never be closed.
    if (this.#closed) throw storeNotOpen();
    this.#connection ??= connect(this.path, this.#options);
    return this.#connection;
  }

  #inspected(): Connection {
    if (this.#connection !== undefined) return this.#connection;
    if (this.#closed) throw storeNotOpen();
    const connection = connectToExisting(this.path, this.#options);
    try {
      checkSchema(connection);
    } catch (error) {
      connection.database.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }

  /** Commits what need not survive a power failure. */
  #unsynced<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.#connect();
    const committed = () => this.#commit(connection, work);
    return this.#control === OWN_TRANSACTION ? unsynced(connection, committed) : committed();
  }

  async #commit<T>(
    connection: Connection,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    if (this.#control !== OWN_TRANSACTION) return this.#commitInside(connection, work);
    await begin(connection, this.#options.busyTimeoutMs);
    let result: T;
    try {
      result = await work(connection);
    } catch (error) {
      rollback(connection);
      throw error;
    }
    commit(connection);
    return result;
  }

  async #commitInside<T>(
    connection: Connection,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    connection.run(this.#control.begin);
    try {
      const result = await work(connection);
      connection.run(this.#control.commit);
      return result;
    } catch (error) {
      if (connection.database.isTransaction) connection.exec(this.#control.rollback);
      throw error;
    }
  }
}

/**
 * A store in the SQLite file at `path`, which `start` creates if it is missing. Several processes
 * of one service may share it. `":memory:"` is not durable.
 *
 * `start` rejects with `STORE_NOT_OURS`, `STORE_UNSAFE`, `STORE_VERSION` or a
 * `StoreUnavailableError`.
 *
 * @example
 * ```ts
 * import { sqlite } from "odori/sqlite";
 *
 * const store = sqlite("payment.db", { busyTimeoutMs: 2_000 });
 * ```
 */
export function sqlite(path: string, options?: SqliteOptions): SqliteStore {
  return new SqliteStore(path, options);
}
