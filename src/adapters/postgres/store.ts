import type pg from "pg";
import { type ClaimLimits, claimLimits, knownList } from "../../adapter/claim-limits.ts";
import { busFaultText, toCensusRow } from "../../adapter/rows.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import type { CensusRow } from "../../ports/declarations.ts";
import { StoreUnavailableError, storeNotOpen } from "../../ports/errors.ts";
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
import { claimRows, toPeeked } from "./claim.ts";
import { PostgresDeclarations } from "./declarations.ts";
import {
  explain,
  explainConnecting,
  explainLooking,
  isAborted,
  isAnswered,
  isMissing,
} from "./errors.ts";
import { examineSettings } from "./examine.ts";
import { type Access, PostgresInspection } from "./inspect.ts";
import { joinedTransaction } from "./joined-transaction.ts";
import { PostgresMembers } from "./members.ts";
import type { Sql, SqlClient, SqlRow } from "./native.ts";
import { OpenTransaction, openWithin } from "./open-transaction.ts";
import {
  detachedMaxOf,
  endAll,
  lanesOf,
  type PostgresOptions,
  placeOf,
  poolOf,
  schemaOf,
} from "./options.ts";
import { mayPrepare } from "./pooler.ts";
import { PreparedNames } from "./prepared.ts";
import { PostgresRetention } from "./purge.ts";
import { ensureStore, ownerOf } from "./schema.ts";
import { PostgresScope, type ScopeParts, type Wait } from "./scope.ts";
import type { TransactionSql } from "./sql.ts";
import { type Statements, statementsFor } from "./statements.ts";
import { PostgresTogether } from "./together.ts";
import { type Evidence, PostgresTransaction } from "./transaction.ts";
import { hasCommitted, lostWhileCommitting } from "./verdict.ts";

/** The server has not begun what it skipped behind a failed statement. */
function rolledBack(error: unknown) {
  if (isAborted(error)) return { command: "ROLLBACK" };
  throw error;
}

/** The result of a transaction before its commit. */
interface Done<T> {
  readonly result: T;
  readonly evidence?: Evidence | undefined;
  /** The failure of a statement that was sent together with COMMIT. */
  readonly failure?: unknown;
}

/**
 * Looks first who holds what the statement waits for, past the sessions that wait before it: once
 * it is cancelled it waits for nothing. In a deadlock each of them waits.
 */
const INTERRUPT = `WITH RECURSIVE waiting AS (
    SELECT $1::int AS pid, pg_blocking_pids($1::int) AS before
    UNION SELECT pid, pg_blocking_pids(pid)
    FROM (SELECT DISTINCT unnest(before) AS pid FROM waiting) AS found),
  holders AS MATERIALIZED (
    SELECT coalesce(array_agg(pid) FILTER (WHERE cardinality(before) = 0), array_agg(pid)) AS pids
    FROM waiting WHERE pid <> $1)
  SELECT pg_cancel_backend($1::int), CASE WHEN pids IS NULL THEN 'none'
    WHEN pids && $2::int[] THEN 'own' ELSE 'other' END AS wait
  FROM holders`;

/** A store in a schema of a Postgres server, through `pg`. */
export class PostgresStore implements Store<Sql> {
  readonly durable = true;
  readonly lanes: number;
  readonly inspect: PostgresInspection;
  readonly declarations: PostgresDeclarations;
  readonly #options: PostgresOptions;
  readonly #place: string;
  readonly #statements: Statements;
  readonly #prepared = new PreparedNames();
  #pool: pg.Pool | undefined;
  #interrupter: pg.Pool | undefined;
  readonly #open = new Set<OpenTransaction>();
  #closed = false;
  #session: Session | undefined;
  #members: PostgresMembers | undefined;
  readonly #detachedSlots: Semaphore;
  readonly #access: Access;
  readonly #retention: PostgresRetention;
  readonly #scopeParts: ScopeParts = {
    // Handlers by themselves leave connections for the lanes and the relay.
    begin: () => openWithin(this.#detachedSlots, () => this.#begin(), this.#statements.pid),
    interrupt: (open) => this.#interrupt(open),
    finish: (open, work) => this.#finish(open, (opened) => this.#work(opened, work)),
    transaction: (work) => this.transaction(work),
  };

  constructor(options: PostgresOptions) {
    this.#options = options;
    this.lanes = lanesOf(options);
    this.#detachedSlots = new Semaphore(detachedMaxOf(options));
    this.#place = placeOf(options);
    this.#statements = statementsFor(schemaOf(options));
    const write = <T>(work: (books: TransactionSql) => Promise<T>) =>
      this.#transaction(async (open) => {
        open.interpret();
        return { result: await work(open.sql) };
      });
    const access: Access = {
      read: (work) => this.#inspected(() => write(work)),
      write: (work) => this.#inspected(() => write(work)),
    };
    this.inspect = new PostgresInspection(access, this.#statements);
    this.declarations = new PostgresDeclarations(access, this.#statements);
    this.#retention = new PostgresRetention(write, this.#statements);
    this.#access = access;
  }

  /** Resolves to the service that owns the tables; rejects with `DATA_NOT_FOUND` without tables. */
  async service(): Promise<string> {
    return ownerOf(this.#connected(), this.#options);
  }

  async open(session: Session): Promise<Opened> {
    this.#closed = false;
    const pool = this.#connected();
    await ensureStore(pool, session.service, this.#options);
    const warnings = await examineSettings(pool).catch((error: unknown) => {
      throw explain(error, this.#place);
    });
    const members = new PostgresMembers(session, this.#options, this.#statements);
    try {
      const others = await members.join();
      this.#members = members;
      this.#session = session;
      return { warnings, others };
    } catch (error) {
      await members.close();
      throw error;
    }
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#transaction((open) => this.#work(open, work));
  }

  detached(): PostgresScope {
    return new PostgresScope(this.#scopeParts, undefined);
  }

  join(client: SqlClient): StoreTransaction<Sql> {
    return joinedTransaction(client, this.#statements, this.#session?.fingerprint);
  }

  async beat(): Promise<void> {
    await this.#members?.beat();
  }

  async claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    const limits = claimLimits(limit, options);
    const members = this.#members;
    if (members === undefined) throw storeNotOpen();
    await members.giveBack();
    const row = await this.#peek(members.owner, limits);
    const { free, due, stepped, died: known } = toPeeked(row);
    const { dead, freed, lost } = await members.look(row);
    const died = known || freed || dead.length > 0;
    // Usually there is nothing to take; finding that out takes no lock.
    if (!free && !stepped && due !== 0 && dead.length === 0) {
      const nothing = { outbox: [], deferred: [], takenOver: NOTHING_TAKEN_OVER };
      return { ...nothing, nextDueMs: due, died, lost };
    }
    const taken = await this.#transaction(async ({ sql }) => {
      const parts = { stepped, dead };
      const result = claimRows(sql, this.#statements, members.owner, limits, parts);
      // The reply to COMMIT decides, which is on its way; the failure explains it.
      const failure = await result.then(
        () => undefined,
        (error: unknown) => error,
      );
      return { result, failure };
    });
    return { ...taken, died, lost };
  }

  async putBacklog(deliveries: number, askedMs: number): Promise<void> {
    const members = this.#members;
    if (members === undefined) throw storeNotOpen();
    const values = [members.owner, deliveries, askedMs];
    await this.#access.write((books) => books.run(this.#statements.putBacklog, values));
  }

  async putBusFault(fault: BusFault | undefined): Promise<void> {
    const members = this.#members;
    if (members === undefined) throw storeNotOpen();
    const values = [members.owner, busFaultText(fault), fault?.sinceMs ?? null];
    await this.#access.write((books) => books.run(this.#statements.putBusFault, values));
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#retention.purge(olderThanMs, limit);
  }

  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    const { countDeferred, countMarks } = this.#statements;
    const statement = kind === "mark" ? countMarks : countDeferred;
    return this.#access.read(async (books) => (await books.run(statement, [])).map(toCensusRow));
  }

  async close(): Promise<void> {
    const pools = [this.#pool, this.#interrupter];
    const members = this.#members;
    this.#closed = true;
    this.#pool = undefined;
    this.#interrupter = undefined;
    this.#session = undefined;
    this.#members = undefined;
    try {
      await members?.leave();
    } finally {
      const ended = pools.map((one) => one && endAll(one, () => one.end()));
      await Promise.all([...ended, members?.close()]);
    }
  }

  /** Looks for rows to claim, without a transaction. */
  async #peek(owner: string, limits: ClaimLimits): Promise<SqlRow | undefined> {
    const { name, text } = this.#statements.peek;
    const pool = this.#connected();
    const query = mayPrepare(pool, this.#options) ? { name, text } : { text };
    try {
      const values = [owner, knownList(limits.known)];
      return (await pool.query<SqlRow>({ ...query, values })).rows[0];
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  #connected(): pg.Pool {
    if (this.#closed) throw storeNotOpen(); // A pool opened now would never be closed.
    this.#pool ??= poolOf(this.#options);
    return this.#pool;
  }

  async #inspected<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // `service` throws a better error for a missing schema.
      if (isMissing(error)) await this.service();
      throw explainLooking(error, this.#place);
    }
  }

  async #transaction<T>(work: (open: OpenTransaction) => Promise<Done<T>>): Promise<T> {
    const open = await this.#begin();
    try {
      return await this.#finish(open, work);
    } catch (error) {
      await open.rollback(error);
      throw error;
    }
  }

  /** Runs `work` in an open transaction, and commits it. */
  async #finish<T>(
    open: OpenTransaction,
    work: (open: OpenTransaction) => Promise<Done<T>>,
  ): Promise<T> {
    const done = await work(open);
    await open.sql.sent();
    await open.begun().catch((error: unknown) => {
      // Where COMMIT was sent along, what it says counts: the server may have done all of it.
      if (!open.sql.isCommitting) throw explain(error, this.#place);
    });
    open.sql.end();
    await this.#commit(open.sql, done);
    open.release();
    return done.result;
  }

  async #work<T>(
    open: OpenTransaction,
    work: (tx: StoreTransaction<Sql>) => Promise<T>,
  ): Promise<Done<T>> {
    const tx = new PostgresTransaction({
      native: open.sql,
      books: open.sql,
      statements: this.#statements,
      owner: this.#members?.owner ?? null,
      fingerprint: this.#session?.fingerprint,
      waits: false,
      scope: (options) => new PostgresScope(this.#scopeParts, open, options),
      together: () => new PostgresTogether(this.#scopeParts, open),
      onPid: (pid) => {
        open.pid = pid;
      },
      onWrite: () => open.leaveSavepoint(),
    });
    const result = await work(tx);
    return { result, evidence: tx.evidence, failure: tx.failure };
  }

  async #begin(): Promise<OpenTransaction> {
    const pool = this.#connected();
    const client = await this.#connect(pool);
    const prepared = mayPrepare(pool, this.#options) ? this.#prepared : undefined;
    const open = new OpenTransaction(client, this.#place, prepared);
    this.#open.add(open);
    open.onRelease(() => this.#open.delete(open));
    return open;
  }

  async #interrupt({ pid }: OpenTransaction): Promise<Wait> {
    if (pid === undefined || this.#closed) return "none";
    // Past the pool: the statements to be interrupted may hold what its connections wait for.
    this.#interrupter ??= poolOf({ ...this.#options, connectionsMax: 1 });
    try {
      const own = [...this.#open].flatMap((open) => (open.pid === undefined ? [] : [open.pid]));
      const { rows } = await this.#interrupter.query<{ wait: Wait }>(INTERRUPT, [pid, own]);
      return rows[0]?.wait ?? "none";
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  async #connect(pool: pg.Pool): Promise<pg.PoolClient> {
    try {
      return await pool.connect();
    } catch (error) {
      throw explainConnecting(error, this.#place);
    }
  }

  async #commit(sql: TransactionSql, { evidence, failure }: Done<unknown>): Promise<void> {
    let command: string;
    try {
      ({ command } = await sql.committed().catch(rolledBack));
    } catch (error) {
      if (isAnswered(error)) throw explain(error, this.#place);
      if (evidence !== undefined && (await this.#verdict(evidence, error))) {
        // The ticket of its outbox rows is unknown: another owner must claim them.
        if (failure !== undefined) this.#members?.renounce();
        return;
      }
      // It may have claimed rows that this process does not know.
      if (evidence === undefined) this.#members?.renounce();
      throw explain(error, this.#place);
    }
    // The server replies with ROLLBACK if an earlier statement has failed.
    if (command === "ROLLBACK")
      throw (
        failure ??
        new StoreUnavailableError("STORE_BUSY", `A transaction in ${this.#place} was rolled back.`)
      );
  }

  /**
   * Whether a COMMIT with a lost reply took effect. Rejects if that cannot be found out: the caller
   * may repeat the work, and the inbox recognises it.
   */
  async #verdict(evidence: Evidence, cause: unknown): Promise<boolean> {
    const found = await hasCommitted(() => this.#pool, this.#statements, evidence);
    if (found !== undefined) return found;
    this.#members?.renounce();
    throw lostWhileCommitting(this.#place, cause);
  }
}

/**
 * A store in a schema of a Postgres server, given by its URL or with options. `start` creates the
 * tables that are missing. Several processes of one service may share it.
 *
 * Throws `OPTION_INVALID` for an invalid schema. `start` rejects with `STORE_NOT_OURS`,
 * `STORE_FORBIDDEN`, `STORE_VERSION` or a `StoreUnavailableError`.
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
