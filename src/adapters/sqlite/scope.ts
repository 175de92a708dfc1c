import { controlsTransaction } from "../../adapter/control.ts";
import { NestedTransactions } from "../../adapter/nested.ts";
import { Sends } from "../../adapter/sends.ts";
import { Strays } from "../../adapter/strays.ts";
import type { OdoriError } from "../../contract/errors.ts";
import {
  statementNotAwaited,
  storeContended,
  transactionClosed,
  transactionControl,
  transactionEnded,
} from "../../ports/errors.ts";
import type {
  DetachedTransaction,
  HandlerScope,
  StoreTransaction,
} from "../../ports/transaction.ts";
import { isBusy } from "./errors.ts";
import { Reply } from "./reply.ts";
import {
  type Connection,
  type PreparedSql,
  Sending,
  type SentResult,
  type SentStatement,
  type Sql,
  type SqlRow,
  type SqlValue,
} from "./sql.ts";

/** Statements around a transaction: of its own, or inside one of its caller. */
export interface TransactionControl {
  readonly begin: string;
  readonly commit: string;
  readonly rollback: string;
}

/** Around a transaction that has the connection to itself. */
export const OWN_TRANSACTION: TransactionControl = {
  begin: "BEGIN IMMEDIATE",
  commit: "COMMIT",
  rollback: "ROLLBACK",
};

/** Inside a transaction that is open on the connection. */
export const INNER_TRANSACTION: TransactionControl = {
  begin: "SAVEPOINT odori_inner",
  commit: "RELEASE odori_inner",
  rollback: "ROLLBACK TO odori_inner; RELEASE odori_inner",
};

/** What takes back the statements of one handler of a group. */
export interface HandlerSavepoint {
  begin(): void;
  keep(): void;
  undo(): void;
}

/** What a scope needs of its store. */
export interface ScopeParts {
  readonly connection: Connection;
  /** How a transaction of a handler by itself begins and ends. */
  readonly control: TransactionControl;
  /** The savepoint of a handler in a group. */
  readonly savepoint: HandlerSavepoint;
  /** Takes the writer's mutex at once; undefined if it is taken. */
  tryAcquire(): (() => void) | undefined;
  /** The bookkeeping of a transaction that is open on the connection. */
  bookkeeping(): StoreTransaction<Sql>;
  /** Runs `work` in a new transaction. */
  transaction<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T>;
}

/** Answers a statement that comes after its handler has returned. */
const NOTHING = {
  run: () => 0,
  get: () => undefined,
  all: () => [],
  exec: () => {},
  request: () => ({ rows: [], rowCount: 0, lastInsertRowid: 0 }),
} satisfies Pick<PreparedSql, "run" | "get" | "all" | "exec" | "request">;

/** The savepoint that a handler has beside those of its group. */
export class OwnSavepoint implements HandlerSavepoint {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  begin(): void {
    this.#connection.run("SAVEPOINT odori_handler");
  }

  keep(): void {
    this.#connection.run("RELEASE odori_handler");
  }

  undo(): void {
    this.#connection.run("ROLLBACK TO odori_handler");
    this.keep();
  }
}

/** One handler, inside a transaction or with one of its own. */
export class SqliteScope
  extends Sending
  implements HandlerScope<Sql>, DetachedTransaction<Sql>, Sql
{
  readonly native: Sql = this;
  flights = 0;
  contended = false;
  readonly #parts: ScopeParts;
  #detached: boolean;
  #open = true;
  readonly #strays = new Strays();
  readonly #sends = new Sends();
  /** Replies of `query` that the handler has not awaited; undefined before the first one. */
  #notAwaited: Set<Reply<SentResult>> | undefined;
  /** Gives the writer's mutex back; undefined until a detached handler has used it. */
  #release: (() => void) | undefined;

  constructor(parts: ScopeParts, { detached }: { readonly detached: boolean }) {
    super();
    this.#parts = parts;
    this.#detached = detached;
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    return this.#use(statement).run(statement, ...values);
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#use(statement).get(statement, ...values);
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#use(statement).all(statement, ...values);
  }

  exec(script: string): void {
    this.#use(script).exec(script);
  }

  request(statement: SentStatement): SentResult {
    return this.#use(statement.text).request(statement);
  }

  override send(text: string, values: readonly unknown[] = []): void {
    try {
      this.request({ text, values });
    } catch (error) {
      this.#sends.failed(error);
    }
  }

  sent(): Promise<void> | undefined {
    return this.#sends.ended();
  }

  returnsRows(text: string): boolean {
    return this.#parts.connection.raw.returnsRows(text);
  }

  override reply(statement: SentStatement): Promise<SentResult> {
    if (this.#strays.has()) return new Promise(() => {});
    const reply = new Reply<SentResult>(
      () => this.request(statement),
      () => this.#notAwaited?.delete(reply),
    );
    this.#notAwaited ??= new Set();
    this.#notAwaited.add(reply);
    return reply;
  }

  get touched(): boolean {
    return this.flights > 0;
  }

  returned(report: (error: OdoriError) => void): void {
    this.#strays.watch(report);
  }

  keep(): void {
    this.#open = false;
    this.#strays.check();
    this.#checkAwaited();
    if (!this.touched || this.#detached) return;
    this.#checkOngoing();
    this.#parts.savepoint.keep();
  }

  undo(): void {
    this.#open = false;
    if (!this.touched || this.#detached) return;
    this.#checkOngoing();
    this.#parts.savepoint.undo();
  }

  detach(): this {
    this.#detached = true;
    return this;
  }

  async complete<T>(work: (tx: StoreTransaction<Sql>) => Promise<T>): Promise<T> {
    this.#open = false;
    this.#checkAwaited();
    if (this.contended) throw storeContended();
    if (this.#release === undefined) return this.#parts.transaction(work);
    this.#checkOngoing();
    const result = await work(this.#parts.bookkeeping());
    this.#strays.check();
    this.#parts.connection.exec(this.#parts.control.commit);
    this.#end();
    return result;
  }

  async abandon(): Promise<void> {
    this.#open = false;
    if (this.#release === undefined) return;
    const { connection, control } = this.#parts;
    try {
      if (connection.database.isTransaction) connection.exec(control.rollback);
    } finally {
      this.#end();
    }
  }

  /** Opens what the handler's first statement needs. */
  #use(statement: string): Pick<PreparedSql, keyof typeof NOTHING> {
    if (this.#strays.has()) return NOTHING;
    if (!this.#open) throw transactionClosed();
    // As on Postgres, where a failed statement aborts the transaction.
    this.#sends.check();
    if (controlsTransaction(statement)) throw transactionControl();
    if (!this.touched) {
      if (this.#detached) this.#begin();
      else this.#parts.savepoint.begin();
    }
    this.flights++;
    this.#checkOngoing();
    return this.#parts.connection.raw;
  }

  /** SQLite has run the statement: but its failure would be lost, and Postgres would not have. */
  #checkAwaited(): void {
    const notAwaited = this.#notAwaited;
    const awaited = notAwaited === undefined || notAwaited.size === 0;
    if (awaited && !NestedTransactions.isOpen(this)) return;
    const failed = [...(notAwaited ?? [])].find(({ failure }) => failure !== undefined);
    throw statementNotAwaited(failed?.failure);
  }

  #begin(): void {
    const release = this.#parts.tryAcquire();
    if (release === undefined) {
      this.contended = true;
      throw storeContended();
    }
    try {
      this.#parts.connection.database.exec(this.#parts.control.begin);
      this.#release = release;
    } catch (error) {
      release();
      if (!isBusy(error)) throw error;
      this.contended = true;
      throw storeContended(error);
    }
  }

  /** An error such as `INSERT OR ROLLBACK` or a full disk may have ended the transaction. */
  #checkOngoing(): void {
    if (!this.#parts.connection.database.isTransaction) throw transactionEnded();
  }

  /** The transaction that the handler shares has ended: what it still does must reach no other. */
  end(): void {
    if (!this.#detached) this.#open = false;
  }

  #end(): void {
    this.#release?.();
    this.#release = undefined;
  }
}
