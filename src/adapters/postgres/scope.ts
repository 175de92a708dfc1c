import { controlsTransaction } from "../../adapter/control.ts";
import { NestedTransactions } from "../../adapter/nested.ts";
import { Sends } from "../../adapter/sends.ts";
import { Strays } from "../../adapter/strays.ts";
import { OdoriError } from "../../contract/errors.ts";
import {
  statementNotAwaited,
  transactionClosed,
  transactionControl,
  transactionEnded,
} from "../../ports/errors.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  StoreTransaction,
} from "../../ports/transaction.ts";
import {
  isAborted,
  isContended,
  isEnded,
  isLocked,
  isLostConnection,
  isOutdated,
  sqlState,
  swallowedFailure,
} from "./errors.ts";
import type { Sql, SqlResult } from "./native.ts";
import { LOCK_WAIT_MS, type OpenTransaction } from "./open-transaction.ts";
import { changesSession } from "./session.ts";
import { Sending, type SentStatement } from "./sql.ts";

/** Who held the lock that a statement waited for: none, this store, or another session. */
export type Wait = "none" | "own" | "other";

/** Whose statement was the last one on a connection that handlers share. */
export interface Turn {
  last: PostgresScope | undefined;
}

/** What a scope needs of its store. */
export interface ScopeParts {
  /** Opens a transaction for a handler by itself. */
  begin(): Promise<OpenTransaction>;
  /** Interrupts the statement that a transaction is running, and tells what it waited for. */
  interrupt(open: OpenTransaction): Promise<Wait>;
  /** Runs bookkeeping in an open transaction, and commits it. */
  finish<T>(open: OpenTransaction, work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T>;
  /** Runs `work` in a new transaction. */
  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T>;
}

interface ScopeLimits {
  readonly onFailure?: (error: unknown, scope: PostgresScope) => void;
  /** Set where other handlers issue statements meanwhile: what all of them share. */
  readonly together?: Turn;
  /** Whether no other handler shares the transaction. */
  readonly exclusive?: boolean;
}

/** One handler, inside a transaction (`shared`) or with one of its own. */
export class PostgresScope extends Sending implements HandlerScope<Sql>, DetachedTransaction<Sql> {
  readonly native: Sql = this;
  flights = 0;
  contended = false;
  crowded = false;
  needsOwn = false;
  lost = false;
  /** A cancelled statement says nothing of other transactions: this process cancels it. */
  #interrupted = false;
  readonly #parts: ScopeParts;
  readonly #onFailure: (error: unknown, scope: PostgresScope) => void;
  readonly #together: Turn | undefined;
  readonly #exclusive: boolean;
  #shared: OpenTransaction | undefined;
  #own: Promise<OpenTransaction> | undefined;
  /** Of `#own`, once it is there. */
  #opened: OpenTransaction | undefined;
  #open = true;
  readonly #strays = new Strays();
  readonly #pending = new Set<Promise<unknown>>();
  /** Those of `#pending` that the handler awaits, or should. */
  readonly #asked = new Set<Promise<unknown>>();
  readonly #sends = new Sends();
  #statements = 0;
  /** The first statement that failed. If the handler went on, the transaction may be aborted. */
  #failure: unknown;
  /** The first that failed since one has succeeded: it has aborted the transaction. */
  #aborting: unknown;
  /** Why a statement was refused that a handler by itself may issue. */
  #refused: OdoriError | undefined;

  /** `onFailure` is told of a statement that failed. */
  constructor(
    parts: ScopeParts,
    shared: OpenTransaction | undefined,
    { onFailure = () => {}, together, exclusive = false }: ScopeLimits = {},
  ) {
    super();
    this.#exclusive = exclusive;
    this.#parts = parts;
    this.#shared = shared;
    this.#onFailure = onFailure;
    this.#together = together;
  }

  get touched(): boolean {
    return this.#statements > 0;
  }

  get ended(): "timeout" | "lost" | undefined {
    const ending = (this.#shared ?? this.#opened)?.ending;
    if (ending === undefined) return undefined;
    return isLostConnection(ending) ? "lost" : "timeout";
  }

  get unanswered(): boolean {
    return this.#pending.size > 0;
  }

  send(text: string, values: readonly unknown[] = []): void {
    if (this.#strays.has()) return;
    const noted = (error: unknown) => this.#sends.failed(error);
    this.#sends.add(this.#issue({ text, values }, noted));
  }

  sent(): Promise<void> | undefined {
    return this.#sends.ended();
  }

  request(statement: SentStatement): Promise<SqlResult> {
    if (this.#strays.has()) return new Promise(() => {});
    const result = this.#issue(statement);
    this.#asked.add(result);
    const answer = new Promise<SqlResult>((resolve, reject) => {
      // After the handler has returned nothing awaits the reply. A rejection, here or in an async
      // function that is not awaited either, would only end the process.
      const settle = (report: () => void) => {
        this.#asked.delete(result);
        if (!this.#strays.returned) report();
      };
      result.then(
        (value) => settle(() => resolve(value)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
    answer.catch(() => {});
    return answer;
  }

  returned(report: (error: OdoriError) => void): void {
    this.#strays.watch(report);
  }

  keep(): void | Promise<void> {
    this.#open = false;
    this.#strays.check();
    if (this.#exclusive) this.#shared?.waitForLocks(LOCK_WAIT_MS.bookkeeping);
    if (this.#refused !== undefined) return Promise.reject(this.#refused);
    if (this.#asked.size > 0 || NestedTransactions.isOpen(this)) return this.#notAwaited();
    const shared = this.#together === undefined ? this.#shared : undefined;
    if (this.#failure === undefined || shared === undefined) return;
    // The handler went on after a failed statement: unless it had a savepoint, all is lost.
    return shared.checkSavepoint().catch(() => {
      throw this.#swallowed();
    });
  }

  async undo(): Promise<void> {
    this.#open = false;
    const open = this.#shared;
    if (!this.touched || open === undefined) return;
    await this.stopPending(open);
    try {
      await open.undoToSavepoint();
      if (this.#exclusive) open.waitForLocks(LOCK_WAIT_MS.bookkeeping);
    } catch (error) {
      throw isEnded(error) ? transactionEnded(error) : error;
    }
  }

  /** Refuses later statements. */
  close(): void {
    this.#open = false;
  }

  detach(): this {
    this.#shared = undefined;
    return this;
  }

  async complete<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    this.#open = false;
    this.#strays.check();
    if (this.#own === undefined) return this.#parts.transaction(work);
    if (this.#asked.size > 0 || NestedTransactions.isOpen(this)) return this.#notAwaited();
    try {
      const open = await this.#own;
      open.waitForLocks(LOCK_WAIT_MS.bookkeeping);
      return await this.#parts.finish(open, work);
    } catch (error) {
      // After a failed statement that the handler swallowed, the transaction is aborted, or gone.
      const ended = isEnded(error) || this.lost;
      throw this.#failure !== undefined && ended ? this.#swallowed() : error;
    }
  }

  async abandon(): Promise<void> {
    this.#open = false;
    const open = await this.#own;
    if (open === undefined) return;
    await this.stopPending(open);
    await open.rollback(this.#failure);
  }

  /** Sends a statement, which is under way until its reply comes. */
  #issue(statement: SentStatement, onFailure?: (error: unknown) => void): Promise<SqlResult> {
    const result = this.#answered(statement, onFailure);
    this.#pending.add(result);
    const settled = () => this.#pending.delete(result);
    result.then(settled, settled);
    return result;
  }

  async #answered(
    statement: SentStatement,
    onFailure: (error: unknown) => void = () => {},
  ): Promise<SqlResult> {
    const { text } = statement;
    if (!this.#open) throw transactionClosed();
    if (controlsTransaction(text)) throw transactionControl();
    const shared = this.#shared !== undefined && !this.#exclusive;
    if (shared && changesSession(text)) return this.#refuse();
    const open = this.#transaction();
    const turn = this.#together;
    if (turn !== undefined && this.touched && turn.last !== this) return this.#refuse();
    if (turn !== undefined) turn.last = this;
    if (this.#pending.size < this.#statements || !this.touched) this.flights++;
    this.#statements++;
    let opened: OpenTransaction | undefined;
    try {
      opened = open instanceof Promise ? await open : open;
      const reply = await opened.sql.request(statement);
      // Behind a savepoint the transaction goes on.
      this.#aborting = undefined;
      return reply;
    } catch (cause) {
      const error = reasonOf(opened, cause);
      // In the turn of the reply: the next one may have come with it.
      if (isAborted(error)) this.#sends.check();
      const failure = isAborted(error) && this.#aborting !== undefined ? this.#swallowed() : error;
      onFailure(failure);
      this.#failure ??= error;
      this.#aborting ??= error;
      this.lost ||= isLostConnection(error);
      // By itself a handler has met no other for which it was cancelled.
      const met = this.#exclusive ? isLocked(error) : isContended(error);
      if ((met && !this.#interrupted) || isOutdated(error)) this.contended = true;
      if (isOutdated(error) && error instanceof Error) opened?.discard(error);
      this.#onFailure(error, this);
      throw failure;
    }
  }

  /** The statement needs a transaction of the handler's own: the runtime runs it again. */
  #refuse(): never {
    this.needsOwn = true;
    const error = transactionShared();
    this.#refused = error;
    this.#onFailure(error, this);
    throw error;
  }

  #transaction(): OpenTransaction | Promise<OpenTransaction> {
    if (this.#shared === undefined) {
      this.#own ??= this.#parts.begin().then((open) => {
        open.waitForLocks(LOCK_WAIT_MS.handler);
        this.#opened = open;
        return open;
      });
      return this.#own;
    }
    if (!this.touched && this.#exclusive) this.#shared.waitForLocks(LOCK_WAIT_MS.handler);
    if (!this.touched && this.#together === undefined) this.#shared.savepoint();
    return this.#shared;
  }

  /**
   * Interrupts the statements under way, and waits for their replies. A server that takes no more
   * connections cannot be asked to interrupt them: they end by themselves, or by the time limit of
   * statements.
   */
  async stopPending(open: OpenTransaction): Promise<void> {
    if (!this.interrupting()) return;
    await this.interrupted(await this.#parts.interrupt(open).catch(() => "none" as const));
  }

  /** Says that a statement under way is about to be interrupted. Returns whether there is one. */
  interrupting(): boolean {
    this.#interrupted = this.#pending.size > 0;
    return this.#interrupted;
  }

  /** Waits for the replies after an interruption, which found the server waiting for a lock. */
  async interrupted(wait: Wait): Promise<void> {
    await Promise.allSettled(this.#pending);
    if (wait === "none" || !isContended(this.#failure)) return;
    this.contended = true;
    this.crowded = wait === "own";
  }

  /** The failure of a handler that went on after a failed statement. */
  #swallowed(): Error {
    return swallowedFailure(this.#aborting ?? this.#failure);
  }

  async #notAwaited(): Promise<never> {
    const results = await Promise.allSettled(this.#asked);
    const failed = results.find((result) => result.status === "rejected");
    throw statementNotAwaited(failed?.reason);
  }
}

/**
 * Why a statement has failed. Where the server ended the connection before it, such as after a time
 * limit, the client says only that the connection cannot be used.
 */
function reasonOf(open: OpenTransaction | undefined, error: unknown): unknown {
  return sqlState(error) === undefined && isLostConnection(error) ? (open?.ending ?? error) : error;
}

function transactionShared(): OdoriError {
  return new OdoriError(
    "TRANSACTION_SHARED",
    "A statement that changes the session needs a transaction of its own.",
    { hint: "Nothing: it runs again alone. Avoid SET in handlers to stay fast." },
  );
}
