import type { Semaphore } from "../../adapter/semaphore.ts";
import { endingOf } from "./ending.ts";
import { isOutdated } from "./errors.ts";
import type { PreparedNames } from "./prepared.ts";
import { type Connection, type Statement, TransactionSql } from "./sql.ts";

/**
 * How long a statement waits for a lock, in milliseconds. A handler by itself has one of few
 * connections, and is run again later if another session holds what it needs.
 */
export const LOCK_WAIT_MS = { handler: 200, bookkeeping: 10_000 } as const;

/**
 * Opens a transaction, and overrides the defaults of the role: deliveries rely on READ COMMITTED, a
 * commit survives a power failure, and a frozen process does not hold its locks for ever.
 */
const BEGIN = [
  "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
  "SET LOCAL synchronous_commit = on",
  `SET LOCAL lock_timeout = ${LOCK_WAIT_MS.bookkeeping}`,
  "SET LOCAL idle_in_transaction_session_timeout = '60s'",
].join("; ");

/**
 * Plans of this transaction are not compiled just in time. Where the planner expects many rows of a
 * large table, the server compiles for up to a second what then runs for some milliseconds.
 *
 * https://www.postgresql.org/docs/current/jit-decision.html
 */
export const INTERPRETED = "SET LOCAL jit = off";

/** Statements around a transaction: of its own, or inside one that is open on the connection. */
export interface TransactionControl {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
}

/** Around a transaction that has the connection to itself. */
export const OWN_TRANSACTION: TransactionControl = {
  begin: BEGIN,
  commit: "COMMIT",
  rollback: "ROLLBACK",
};

/** A connection of the pool with a transaction open on it. */
export class OpenTransaction {
  readonly sql: TransactionSql;
  /** The server process that runs it, once a statement has asked for it. */
  pid: number | undefined;
  readonly #client: Connection;
  readonly #control: TransactionControl;
  readonly #begun: Promise<unknown>;
  #broken: Error | undefined;
  /** Whether the savepoint exists, and whether a handler has written since. */
  #savepoint: "none" | "clean" | "used" = "none";
  /** How many savepoints were asked for: each has a name of its own. */
  #savepoints = 0;
  #released = false;
  #rolledBack: Promise<void> | undefined;
  readonly #onRelease: (() => void)[] = [];

  constructor(
    client: Connection,
    place: string,
    prepared: PreparedNames | undefined,
    control: TransactionControl = OWN_TRANSACTION,
  ) {
    this.#client = client;
    this.#control = control;
    this.#begun = client.query(control.begin);
    // `sql` waits for the reply, and fails with it.
    this.#begun.catch(() => {});
    const { commit } = control;
    const onSession = () => this.discard(new Error("a handler has changed the session"));
    this.sql = new TransactionSql(client, {
      ...{ begun: this.#begun, commit, place, prepared, onSession },
    });
  }

  /** How long a statement waits for a lock from now on. Sends it without waiting. */
  waitForLocks(ms: (typeof LOCK_WAIT_MS)[keyof typeof LOCK_WAIT_MS]): void {
    this.sql.control(`SET LOCAL lock_timeout = ${ms}`).catch(() => {});
  }

  /** Turns off compiling just in time from now on. Sends it without waiting. */
  interpret(): void {
    this.sql.control(INTERPRETED).catch(() => {});
  }

  /** Makes sure that a savepoint stands before the next statement. Sends it without waiting. */
  savepoint(): void {
    // A released savepoint takes the work of the handler before it along, one command less.
    const release = this.#savepoint === "used" ? `RELEASE ${this.#name}; ` : "";
    if (this.#savepoint !== "clean") {
      this.#savepoints++;
      this.sql.control(`${release}SAVEPOINT ${this.#name}`).catch(() => {});
    }
    this.#savepoint = "used";
  }

  /**
   * The savepoint that was asked for last. If the server did not get to it, as when its handler was
   * interrupted first, there is none of this name, and nothing of the handlers before is undone.
   */
  get #name(): string {
    return `odori_${this.#savepoints}`;
  }

  /** What is written from now on is not the handler's: undoing the next one must not undo it. */
  leaveSavepoint(): void {
    if (this.#savepoint === "clean") this.#savepoint = "used";
  }

  /** Undoes everything since the savepoint, which stays. */
  async undoToSavepoint(): Promise<void> {
    await this.sql.control(`ROLLBACK TO ${this.#name}`);
    this.#savepoint = "clean";
  }

  /** Rejects if the transaction is aborted, since a statement since the savepoint has failed. */
  async checkSavepoint(): Promise<void> {
    await this.sql.control(`RELEASE ${this.#name}`);
    this.#savepoint = "none";
  }

  /** Resolves when the transaction has begun. */
  async begun(): Promise<void> {
    await this.#begun;
  }

  /** The connection is not used again: what is prepared or set on it is not what others expect. */
  discard(error: Error): void {
    this.#broken ??= error;
  }

  /** Rolls back, and gives the connection back. */
  async rollback(error: unknown): Promise<void> {
    this.sql.end();
    // Once given back, the connection may carry another transaction.
    this.#rolledBack ??= this.#rollback(error);
    await this.#rolledBack;
  }

  async #rollback(error: unknown): Promise<void> {
    if (this.#released) return;
    if (isOutdated(error) && error instanceof Error) this.discard(error);
    // After a failed ROLLBACK the connection's state is unknown: discard it.
    await this.#client.query(this.#control.rollback).catch((cause: unknown) => {
      this.discard(cause instanceof Error ? cause : new Error(String(cause)));
    });
    this.release();
  }

  /** Why the connection has ended, if it did so between two statements. */
  get ending(): Error | undefined {
    return endingOf(this.#client);
  }

  onRelease(work: () => void): void {
    this.#onRelease.push(work);
  }

  /** Gives the connection back. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#client.release(this.#broken);
    for (const work of this.#onRelease) work();
  }
}

/**
 * Opens a transaction that holds one of the `slots` until its connection is given back. `pid` asks
 * for its server process.
 */
export async function openWithin(
  slots: Semaphore,
  begin: () => Promise<OpenTransaction>,
  pid: Statement,
): Promise<OpenTransaction> {
  await slots.take();
  let open: OpenTransaction;
  try {
    open = await begin();
  } catch (error) {
    slots.free();
    throw error;
  }
  open.onRelease(() => slots.free());
  try {
    const [row] = await open.sql.run(pid, []);
    open.pid = Number(row?.pid);
    return open;
  } catch (error) {
    await open.rollback(error);
    throw error;
  }
}
