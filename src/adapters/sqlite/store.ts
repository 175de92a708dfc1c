import { Mutex } from "../../adapter/mutex.ts";
import { toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import { storeNotOpen } from "../../ports/errors.ts";
import type { Claimed, Session, Store } from "../../ports/store.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import { begin, commit, connect, connectToExisting, rollback } from "./connect.ts";
import { SqliteInspection } from "./inspect.ts";
import { checkSchema, migrate } from "./schema.ts";
import { callersScope, type ScopeParts, SqliteScope } from "./scope.ts";
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

const BUSY_TIMEOUT_MS = 5_000;
/** Condition for rows that no live owner holds. Value: now. */
const FREE =
  "(owner IS NULL OR owner NOT IN (SELECT owner FROM odori_member WHERE expires_at > ?))";
const TIMED = "state IN ('retrying', 'armed')";
const ANY_OUTBOX = `SELECT 1 FROM odori_outbox WHERE ${FREE} LIMIT 1`;
const NEXT_DUE = `SELECT min(due_at) AS due_at FROM odori_deferred WHERE ${TIMED} AND ${FREE}`;
const CLAIM_OUTBOX = `UPDATE odori_outbox SET owner = ? WHERE ticket IN (
  SELECT ticket FROM odori_outbox WHERE ${FREE} ORDER BY ticket LIMIT ?) RETURNING ticket, events`;
const CLAIM_DEFERRED = `UPDATE odori_deferred SET owner = ? WHERE seq IN (
  SELECT seq FROM odori_deferred WHERE ${TIMED} AND due_at <= ? AND ${FREE}
  ORDER BY due_at LIMIT ?) RETURNING *`;
const RENEW = `INSERT INTO odori_member (owner, expires_at) VALUES (?, ?)
  ON CONFLICT DO UPDATE SET expires_at = excluded.expires_at`;
const PURGE_INBOX = `DELETE FROM odori_inbox WHERE seq IN (
  SELECT seq FROM odori_inbox ORDER BY seq LIMIT ?) AND at < ? RETURNING saga_id`;
const PURGE_FENCE = `DELETE FROM odori_fence WHERE saga_id = ?1
  AND NOT EXISTS (SELECT 1 FROM odori_inbox WHERE saga_id = ?1)`;
const PURGE_DEFERRED = `DELETE FROM odori_deferred WHERE seq IN (
  SELECT seq FROM odori_deferred WHERE state IN ('answered', 'discarded') AND at < ? LIMIT ?)`;

/** A store in one SQLite file, through `node:sqlite`. */
export class SqliteStore implements Store<Sql> {
  readonly durable: boolean;
  /** One: SQLite lets one transaction write at a time. */
  readonly lanes = 1;
  readonly inspect: SqliteInspection;
  /** The file; `":memory:"` for none. */
  readonly path: string;
  readonly #options: { readonly busyTimeoutMs: number; readonly maxBytes: number | undefined };
  readonly #writer = new Mutex();
  #connection: Connection | undefined;
  #session: Session | undefined;
  #renewedAt = 0;

  constructor(path: string, options: SqliteOptions = {}) {
    this.path = path;
    this.durable = path !== ":memory:";
    this.#options = {
      busyTimeoutMs: options.busyTimeoutMs ?? BUSY_TIMEOUT_MS,
      maxBytes: options.maxBytes,
    };
    this.inspect = new SqliteInspection({
      read: (work) => this.#writer.run(async () => work(this.#inspected())),
      write: (work) =>
        this.#writer.run(() =>
          this.#commit(this.#inspected(), async (connection) => work(connection)),
        ),
      now: () => this.#now(),
    });
  }

  /** Returns the service that owns the database; throws `DATA_NOT_FOUND` if there is none. */
  service(): string {
    return checkSchema(this.#inspected());
  }

  open(session: Session): Promise<readonly string[]> {
    return this.#writer.run(async () => {
      // The inspection opens the file without the settings that writing needs.
      this.#connection?.database.close();
      this.#connection = undefined;
      const connection = this.#connect();
      await this.#commit(connection, async () => {
        migrate(connection, session.service);
        this.#renew(connection, session);
      });
      // Set last: `close` deletes the lease of a session, which needs the tables.
      this.#session = session;
      const { warning } = examineVersion(connection);
      return warning === undefined ? [] : [warning];
    });
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#writer.run(() =>
      this.#commit(this.#connect(), async (connection) => {
        const sql = new TransactionSql(connection);
        try {
          return await work(this.#bookkeeping(connection, sql));
        } finally {
          sql.end();
        }
      }),
    );
  }

  detached(): SqliteScope {
    const connection = this.#connect();
    return this.#scope(connection, true);
  }

  join(native: Sql): StoreTransaction<Sql> {
    const writer = { owner: null, now: this.#now };
    return new SqliteTransaction(native, writer, () => callersScope(native));
  }

  claim(limit: number): Promise<Claimed> {
    return this.#writer.run(async () => {
      const session = this.#session;
      if (session === undefined) throw storeNotOpen();
      const connection = this.#connect();
      const now = session.now();
      const due = dueAt(connection, now);
      const stale = now - this.#renewedAt > session.leaseMs / 4;
      const any =
        stale || (due !== undefined && due <= now) || connection.get(ANY_OUTBOX, now) !== undefined;
      // Usually there is nothing to take; finding that out takes no lock.
      if (!any)
        return { outbox: [], deferred: [], nextDueMs: due === undefined ? undefined : due - now };
      return this.#commit(connection, async () => this.#claim(connection, session, limit));
    });
  }

  purge(olderThanMs: number, limit: number): Promise<number> {
    return this.#writer.run(() =>
      this.#commit(this.#connect(), async (connection) => {
        const rows = connection.all(PURGE_INBOX, limit, this.#now() - olderThanMs);
        for (const sagaId of new Set(rows.map((row) => String(row.saga_id))))
          connection.run(PURGE_FENCE, sagaId);
        connection.run(PURGE_DEFERRED, this.#now() - olderThanMs, limit);
        return rows.length;
      }),
    );
  }

  close(): Promise<void> {
    return this.#writer.run(async () => {
      const connection = this.#connection;
      const session = this.#session;
      this.#connection = undefined;
      this.#session = undefined;
      if (connection === undefined) return;
      try {
        if (session !== undefined)
          connection.run("DELETE FROM odori_member WHERE owner = ?", session.owner);
      } finally {
        connection.database.close();
      }
    });
  }

  readonly #now = (): number => (this.#session?.now ?? Date.now)();

  #bookkeeping(connection: Connection, sql: Sql): SqliteTransaction {
    const writer = { owner: this.#session?.owner ?? null, now: this.#now };
    return new SqliteTransaction(sql, writer, () => this.#scope(connection, false));
  }

  #scope(connection: Connection, detached: boolean): SqliteScope {
    const parts: ScopeParts = {
      connection,
      tryAcquire: () => this.#writer.tryAcquire(),
      // A handler by itself outlives the transaction that it was taken out of, and its `sql`.
      bookkeeping: () => this.#bookkeeping(connection, connection),
      transaction: (work) => this.transaction(work),
    };
    return new SqliteScope(parts, { detached });
  }

  #connect(): Connection {
    this.#connection ??= connect(this.path, this.#options);
    return this.#connection;
  }

  #inspected(): Connection {
    if (this.#connection !== undefined) return this.#connection;
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

  async #commit<T>(
    connection: Connection,
    work: (connection: Connection) => Promise<T>,
  ): Promise<T> {
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

  #claim(connection: Connection, session: Session, limit: number): Claimed {
    const now = session.now();
    this.#renew(connection, session);
    connection.run("DELETE FROM odori_member WHERE expires_at < ?", now);
    const outbox = connection.all(CLAIM_OUTBOX, session.owner, now, limit);
    const deferred = connection.all(CLAIM_DEFERRED, session.owner, now, now, limit);
    const due = dueAt(connection, now);
    return {
      // RETURNING promises no order.
      outbox: outbox
        .map((row) => ({ ticket: Number(row.ticket), events: decodeStored(String(row.events)) }))
        .sort((a, b) => a.ticket - b.ticket),
      deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
      nextDueMs: due === undefined ? undefined : Math.max(0, due - now),
    };
  }

  #renew(connection: Connection, session: Session): void {
    this.#renewedAt = session.now();
    connection.run(RENEW, session.owner, this.#renewedAt + session.leaseMs);
  }
}

function dueAt(connection: Connection, now: number): number | undefined {
  const due = connection.get(NEXT_DUE, now)?.due_at;
  return typeof due === "number" ? due : undefined;
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
