import { randomUUID } from "node:crypto";
import type pg from "pg";
import { claimLimits } from "../../adapter/claim-limits.ts";
import { toCensusRow, toDeferred } from "../../adapter/rows.ts";
import { Semaphore } from "../../adapter/semaphore.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { CensusRow } from "../../ports/declarations.ts";
import { StoreUnavailableError, storeNotOpen } from "../../ports/errors.ts";
import {
  type Claimed,
  type ClaimOptions,
  NO_REACTION,
  type Opened,
  type Purged,
  type Session,
  type Store,
} from "../../ports/store.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import { PostgresDeclarations } from "./declarations.ts";
import { explain, INVALID_PARAMETER, isAnswered, isMissing, sqlState } from "./errors.ts";
import { examineSettings } from "./examine.ts";
import { type Access, PostgresInspection } from "./inspect.ts";
import { OpenTransaction, openWithin } from "./open-transaction.ts";
import {
  detachedMaxOf,
  lanesOf,
  type PostgresOptions,
  placeOf,
  poolOf,
  schemaOf,
} from "./options.ts";
import { PreparedNames } from "./prepared.ts";
import { PostgresRetention } from "./purge.ts";
import { ensureStore, ownerOf } from "./schema.ts";
import { callersScope, PostgresScope, type ScopeParts } from "./scope.ts";
import { joined, type Sql, type SqlRow, type TransactionSql } from "./sql.ts";
import { type Statements, statementsFor } from "./statements.ts";
import { PostgresTogether } from "./together.ts";
import { type Evidence, PostgresTransaction } from "./transaction.ts";

/** What `claim` finds without taking locks. */
interface Peeked {
  /** Whether there are outbox rows that no live process holds. */
  readonly free: boolean;
  /** Milliseconds until a deferred delivery is due; undefined if there is none. */
  readonly due: number | undefined;
  /** Whether the clock has stepped back since a delay began. */
  readonly stepped: boolean;
  /** Whether a process has died lately. */
  readonly died: boolean;
  /** Milliseconds until this process's lease expires. */
  readonly lease: number;
}

/** The result of a transaction before its commit. */
interface Done<T> {
  readonly result: T;
  readonly evidence?: Evidence | undefined;
  /** The failure of a statement that was sent together with COMMIT. */
  readonly failure?: unknown;
}

/** How long to ask what became of a COMMIT that was not answered. */
const VERDICT = { limitMs: 10_000, pauseMs: 100 } as const;
/** A lease is renewed when less than this share of it is left. */
const RENEW_BELOW = 0.75;

/** A store in a schema of a Postgres server, through `pg`. */
export class PostgresStore implements Store<Sql> {
  readonly durable = true;
  readonly lanes: number;
  readonly inspect: PostgresInspection;
  readonly declarations: PostgresDeclarations;
  readonly #options: PostgresOptions;
  readonly #place: string;
  readonly #statements: Statements;
  /** Undefined if prepared statements are turned off. */
  readonly #prepared: PreparedNames | undefined;
  #pool: pg.Pool | undefined;
  #interrupter: pg.Pool | undefined;
  #session: Session | undefined;
  #owner = "";
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
    this.#prepared = (options.prepare ?? true) ? new PreparedNames() : undefined;
    const write = <T>(work: (books: TransactionSql) => Promise<T>) =>
      this.#transaction(async ({ sql }) => ({ result: await work(sql) }));
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
  service(): Promise<string> {
    return ownerOf(this.#connected(), this.#options);
  }

  async open(session: Session): Promise<Opened> {
    const pool = this.#connected();
    await ensureStore(pool, session.service, this.#options);
    const warnings = await examineSettings(pool).catch((error: unknown) => {
      throw explain(error, this.#place);
    });
    this.#owner = session.owner;
    await this.#renew(session);
    this.#session = session;
    return { warnings, others: await this.#others() };
  }

  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    return this.#transaction((open) => this.#work(open, work));
  }

  detached(): PostgresScope {
    return new PostgresScope(this.#scopeParts, undefined);
  }

  join(native: Sql): StoreTransaction<Sql> {
    return new PostgresTransaction({
      native,
      books: joined(native),
      statements: this.#statements,
      owner: null,
      fingerprint: this.#session?.fingerprint,
      waits: true,
      scope: () => callersScope(native),
    });
  }

  async claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    const limits = claimLimits(limit, options);
    const session = this.#session;
    if (session === undefined) throw storeNotOpen();
    const known =
      limits.known === undefined ? null : JSON.stringify([...limits.known, NO_REACTION]);
    const { free, due, stepped, died, lease } = await this.#peek(known);
    if (lease < session.leaseMs * RENEW_BELOW) await this.#renew(session);
    // Usually there is nothing to take; finding that out takes no lock.
    if (!free && !stepped && due !== 0) return { outbox: [], deferred: [], nextDueMs: due, died };
    const { peek, steady, claimOutbox, claimDeferred, forgetDead } = this.#statements;
    return this.#transaction(async ({ sql }) => {
      await sql.run(forgetDead, []);
      if (stepped) await sql.run(steady, []);
      const outbox = await sql.run(claimOutbox, [this.#owner, limits.outbox]);
      const deferred = await sql.run(claimDeferred, [this.#owner, limits.deferred, known]);
      const result = {
        // RETURNING promises no order.
        outbox: outbox
          .map((row) => ({ ticket: Number(row.ticket), events: decodeStored(String(row.events)) }))
          .sort((a, b) => a.ticket - b.ticket),
        deferred: deferred.map(toDeferred).sort((a, b) => a.seq - b.seq),
        nextDueMs: peeked(await sql.run(peek, [this.#owner, known])).due,
        died,
      };
      return { result };
    });
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#retention.purge(olderThanMs, limit);
  }

  census(): Promise<readonly CensusRow[]> {
    return this.#access.read(async (books) =>
      (await books.run(this.#statements.census, [])).map(toCensusRow),
    );
  }

  async close(): Promise<void> {
    const pool = this.#pool;
    const session = this.#session;
    this.#pool = undefined;
    this.#session = undefined;
    if (pool === undefined) return;
    try {
      if (session !== undefined) {
        await pool.query(this.#statements.giveBack.text, [this.#owner]);
        await pool.query(this.#statements.leave.text, [this.#owner]);
      }
    } catch (error) {
      throw explain(error, this.#place);
    } finally {
      await Promise.all([pool.end(), this.#interrupter?.end()]);
      this.#interrupter = undefined;
    }
  }

  /** Looks for rows to claim, without a transaction. */
  async #peek(known: string | null): Promise<Peeked> {
    const { name, text } = this.#statements.peek;
    const query = this.#prepared === undefined ? { text } : { name, text };
    try {
      return peeked(
        (await this.#connected().query<SqlRow>({ ...query, values: [this.#owner, known] })).rows,
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
    await this.#transaction(async ({ sql }) => ({
      result: await sql.run(this.#statements.renew, [this.#owner, session.leaseMs]),
    }));
  }

  #others(): Promise<Opened["others"]> {
    return this.#transaction(async ({ sql }) => {
      const [row] = await sql.run(this.#statements.others, [this.#owner]);
      const others = row?.others;
      return { result: others === "died" || others === "running" ? others : "none" };
    });
  }

  async #inspected<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      // `service` throws a better error for a missing schema.
      if (isMissing(error)) await this.service();
      throw error;
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
    await open.begun().catch((error: unknown) => {
      throw explain(error, this.#place);
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
      owner: this.#owner,
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
    return new OpenTransaction(await this.#connect(), this.#place, this.#prepared);
  }

  async #interrupt({ pid }: OpenTransaction): Promise<void> {
    if (pid === undefined) return;
    // Past the pool: the statements to be interrupted may hold what its connections wait for.
    this.#interrupter ??= poolOf({ ...this.#options, connectionsMax: 1 });
    try {
      await this.#interrupter.query("SELECT pg_cancel_backend($1)", [pid]);
    } catch (error) {
      throw explain(error, this.#place);
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
      if (isAnswered(error)) throw explain(error, this.#place);
      if (evidence !== undefined && (await this.#hasCommitted(evidence, error))) {
        // The ticket of its outbox rows is unknown: another owner must claim them.
        if (failure !== undefined) this.#renounce();
        return;
      }
      // It may have claimed rows that this process does not know.
      if (evidence === undefined) this.#renounce();
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
   * Changes the owner id. Rows claimed under the old one are free once its lease expires, also for
   * this process.
   */
  #renounce(): void {
    this.#owner = randomUUID();
  }

  /**
   * Finds out whether a COMMIT with a lost reply took effect, by looking for a row it wrote. If the
   * server stays unavailable, rejects: the caller may repeat the work, and the inbox recognises it.
   */
  async #hasCommitted(
    { sagaId, reaction, source, id, type, at, xid }: Evidence,
    cause: unknown,
  ): Promise<boolean> {
    const until = performance.now() + VERDICT.limitMs;
    while (performance.now() < until && this.#pool !== undefined) {
      try {
        // The server may still execute the COMMIT of the lost connection.
        const { rows } = await this.#connected().query(
          "SELECT pg_xact_status($1::xid8) AS status",
          [xid],
        );
        if (rows[0]?.status === "aborted") return false;
        if (rows[0]?.status !== "in progress") {
          return (
            (
              await this.#connected().query(this.#statements.evidence.text, [
                sagaId,
                reaction,
                source,
                id,
                type,
                at,
              ])
            ).rowCount === 1
          );
        }
      } catch (error) {
        // The id lies in the server's future: it has crashed since, and lost the transaction.
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
        hint: "Repeat the operation: if it was committed after all, it is recognised.",
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
    stepped: row?.stepped === true,
    died: row?.died === true,
    due: due === undefined ? undefined : Math.max(0, due),
    lease: lease ?? 0,
  };
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
