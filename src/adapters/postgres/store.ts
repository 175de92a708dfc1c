import { randomUUID } from "node:crypto";
import type pg from "pg";
import { toDeferred } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import { OdoriError } from "../../contract/errors.ts";
import type { StoreTransaction } from "../../ports/bookkeeping.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import type { Claimed, Session, Store } from "../../ports/store.ts";
import {
  explain,
  INVALID_PARAMETER,
  isAnswered,
  isMissing,
  isOutdated,
  sqlState,
} from "./errors.ts";
import { examineSettings } from "./examine.ts";
import { PostgresInspection } from "./inspect.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { PreparedNames } from "./prepared.ts";
import { ensureSchema, ownerOf, STORE_TABLES } from "./schema.ts";
import { joined, type Sql, type SqlRow, TransactionSql } from "./sql.ts";
import { type Statements, statementsFor } from "./statements.ts";
import { type Evidence, PostgresTransaction } from "./transaction.ts";

interface Peeked {
  /** Whether there are outbox rows that no live process holds. */
  readonly free: boolean;
  /** Time until a deferred delivery is due; undefined when there is none. */
  readonly due: number | undefined;
  /** How long this process's own lease still lasts. */
  readonly lease: number;
}

/** What work in a transaction has come to, before it is committed. */
interface Done<T> {
  readonly result: T;
  readonly evidence?: Evidence | undefined;
  /** Of a statement that was sent along with COMMIT. */
  readonly failure?: unknown;
}

/**
 * A commit survives a power failure, whatever the role's default is; a process that is frozen in
 * the middle does not hold its locks for ever, and whoever waits for them does not wait for ever
 * either.
 */
const BEGIN =
  "BEGIN; SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '10s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";
/** How long to ask what became of a COMMIT that was not answered. */
const VERDICT = { limitMs: 10_000, pauseMs: 100 } as const;
/** A lease is renewed once less of it is left than that share. */
const RENEW_BELOW = 0.75;

/**
 * A service's database in a schema of a Postgres server, through `pg`. Several processes may share
 * it.
 */
export class PostgresStore implements Store<Sql> {
  readonly durable = true;
  readonly inspect: PostgresInspection;
  readonly #options: PostgresOptions;
  readonly #place: string;
  readonly #statements: Statements;
  /** Undefined where nothing may be kept prepared. */
  readonly #prepared: PreparedNames | undefined;
  #pool: pg.Pool | undefined;
  #session: Session | undefined;
  #owner = "";

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.#place = placeOf(options);
    this.#statements = statementsFor(schemaOf(options));
    this.#prepared = (options.prepare ?? true) ? new PreparedNames() : undefined;
    const write = <T>(work: (books: TransactionSql) => Promise<T>) =>
      this.#transaction(async (sql) => ({ result: await work(sql) }));
    this.inspect = new PostgresInspection(
      {
        read: (work) => this.#inspected(() => write(work)),
        write: (work) => this.#inspected(() => write(work)),
      },
      this.#statements,
    );
  }

  /** The service that owns the tables; throws `DATA_NOT_FOUND` where there are none. */
  service(): Promise<string> {
    return ownerOf(this.#connected(), this.#options);
  }

  async open(session: Session): Promise<readonly string[]> {
    const pool = this.#connected();
    await ensureSchema(pool, session.service, this.#options, STORE_TABLES);
    const warnings = await examineSettings(pool).catch((error: unknown) => {
      throw explain(error, this.#place);
    });
    this.#owner = session.owner;
    await this.#renew(session);
    this.#session = session;
    return warnings;
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#transaction(async (sql) => {
      const tx = new PostgresTransaction({
        native: sql,
        books: sql,
        statements: this.#statements,
        owner: this.#owner,
      });
      const result = await work(tx);
      return { result, evidence: tx.evidence, failure: tx.failure };
    });
  }

  join(native: Sql): StoreTransaction<Sql> {
    return new PostgresTransaction({
      native,
      books: joined(native),
      statements: this.#statements,
      owner: null,
    });
  }

  async claim(limit: number): Promise<Claimed> {
    const session = this.#session;
    if (session === undefined) throw new OdoriError("STOPPED", "The store is not open.");
    const { peek, claimOutbox, claimDeferred, deleteExpiredMembers } = this.#statements;
    const { free, due, lease } = await this.#peek();
    if (lease < session.leaseMs * RENEW_BELOW) await this.#renew(session);
    // Most of the time there is nothing to take: that costs a look and no lock.
    if (!free && due !== 0) return { outbox: [], deferred: [], nextDueMs: due };
    return this.#transaction(async (sql) => {
      await sql.run(deleteExpiredMembers, []);
      const outbox = await sql.run(claimOutbox, [this.#owner, limit]);
      const deferred = await sql.run(claimDeferred, [this.#owner, limit]);
      const result = {
        // RETURNING promises no order.
        outbox: outbox
          .map((row) => ({ ticket: Number(row.ticket), events: decodeStored(String(row.events)) }))
          .sort((a, b) => a.ticket - b.ticket),
        deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
        nextDueMs: peeked(await sql.run(peek, [this.#owner])).due,
      };
      return { result };
    });
  }

  purge(olderThanMs: number, limit: number): Promise<number> {
    const { purgeInbox, purgeFence, purgeDeferred, lock } = this.#statements;
    return this.#transaction(async (sql) => {
      const gone = await sql.run(purgeInbox, [olderThanMs, limit]);
      const sagas = JSON.stringify([...new Set(gone.map((row) => String(row.saga_id)))]);
      if (gone.length > 0) {
        await sql.run(lock, [sagas]);
        await sql.run(purgeFence, [sagas]);
      }
      await sql.run(purgeDeferred, [olderThanMs, limit]);
      return { result: gone.length };
    });
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    const session = this.#session;
    this.#pool = undefined;
    this.#session = undefined;
    if (pool === undefined) return;
    try {
      if (session !== undefined) await pool.query(this.#statements.leave.text, [this.#owner]);
    } catch (error) {
      throw explain(error, this.#place);
    } finally {
      await pool.end();
    }
  }

  /** A look that locks nothing, and needs no transaction. */
  async #peek(): Promise<Peeked> {
    const { name, text } = this.#statements.peek;
    const query = this.#prepared === undefined ? { text } : { name, text };
    try {
      return peeked(
        (await this.#connected().query<SqlRow>({ ...query, values: [this.#owner] })).rows,
      );
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  #connected(): pg.Pool {
    this.#pool ??= poolOf(this.#options);
    return this.#pool;
  }

  async #renew(session: Session): Promise<void> {
    await this.#transaction(async (sql) => ({
      result: await sql.run(this.#statements.renew, [this.#owner, session.leaseMs]),
    }));
  }

  async #inspected<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // Says why: there is no such schema, or none of a service.
      if (isMissing(error)) await this.service();
      throw error;
    }
  }

  async #transaction<T>(work: (sql: TransactionSql) => Promise<Done<T>>): Promise<T> {
    const client = await this.#connect();
    let broken: Error | undefined;
    const begun = client.query(BEGIN);
    const sql = new TransactionSql(client, begun, this.#place, this.#prepared);
    try {
      let done: Done<T>;
      try {
        done = await work(sql);
        await begun;
      } finally {
        sql.end();
      }
      await this.#commit(sql, done);
      return done.result;
    } catch (error) {
      if (isOutdated(error) && error instanceof Error) broken = error;
      // Nobody knows what a connection is still to say that breaks a statement off: it is not used
      // again.
      await client.query("ROLLBACK").catch((cause: unknown) => {
        broken = cause instanceof Error ? cause : new Error(String(cause));
      });
      throw explain(error, this.#place);
    } finally {
      client.release(broken);
    }
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#connected().connect();
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  async #commit(sql: TransactionSql, { evidence, failure }: Done<unknown>): Promise<void> {
    let command: string;
    try {
      ({ command } = await sql.committed());
    } catch (error) {
      if (isAnswered(error)) throw error;
      if (evidence !== undefined && (await this.#hasCommitted(evidence, error))) {
        // Its outbox rows have a ticket that nobody here has learnt.
        if (failure !== undefined) this.#renounce();
        return;
      }
      // It may have claimed rows that nobody here knows of.
      if (evidence === undefined) this.#renounce();
      throw error;
    }
    // The server answers so when a statement has failed before: it has undone everything.
    if (command === "ROLLBACK")
      throw (
        failure ??
        new StoreUnavailableError("STORE_BUSY", `A transaction in ${this.#place} was rolled back.`)
      );
  }

  /**
   * Goes on under another name: what is claimed under the old one is free once its lease ends, for
   * this process too.
   */
  #renounce(): void {
    this.#owner = randomUUID();
  }

  /**
   * What became of a transaction whose COMMIT was not answered, since it must not be done again if
   * it happened: the row that it has written says so. Where the server cannot say for a while, its
   * rows are left to whoever claims them next: the caller may repeat, and the inbox answers.
   */
  async #hasCommitted(
    { id, reaction, source, at, xid }: Evidence,
    cause: unknown,
  ): Promise<boolean> {
    const until = performance.now() + VERDICT.limitMs;
    while (performance.now() < until && this.#pool !== undefined) {
      try {
        // The server may still be at it, on the connection that was lost.
        const { rows } = await this.#connected().query(
          "SELECT pg_xact_status($1::xid8) AS status",
          [xid],
        );
        if (rows[0]?.status === "aborted") return false;
        if (rows[0]?.status !== "in progress") {
          return (
            (
              await this.#connected().query(this.#statements.evidence.text, [
                id,
                reaction,
                source,
                at,
              ])
            ).rowCount === 1
          );
        }
      } catch (error) {
        // An id that the server has not given out yet: it has crashed since, and knows nothing of
        // it.
        if (sqlState(error) === INVALID_PARAMETER) return false;
        if (isAnswered(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, VERDICT.pauseMs));
    }
    this.#renounce();
    throw new StoreUnavailableError(
      "STORE_UNAVAILABLE",
      `The connection to ${this.#place} was lost while committing.`,
      {
        cause,
        hint: "Repeat what was asked: if it was committed after all, it is recognised.",
      },
    );
  }
}

function peeked([row]: readonly SqlRow[]): Peeked {
  const [due, lease] = [row?.due, row?.lease].map((value) =>
    value === null || value === undefined ? undefined : Number(value),
  );
  return {
    free: row?.free === true,
    due: due === undefined ? undefined : Math.max(0, due),
    lease: lease ?? 0,
  };
}

/**
 * A store in a schema of a Postgres server: `postgres("postgres://…")`, or with options.
 *
 * @example
 * ```ts
 * import { postgres } from "odori/postgres";
 *
 * const store = postgres({ connectionString: "postgres://localhost/shop", schema: "payment" });
 * ```
 */
export function postgres(options: string | PostgresOptions = {}): PostgresStore {
  return new PostgresStore(typeof options === "string" ? { connectionString: options } : options);
}
