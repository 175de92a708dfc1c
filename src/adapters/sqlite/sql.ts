import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { transactionClosed } from "../../ports/errors.ts";
import type { Tx, TxResult } from "../../ports/tx.ts";
import {
  checkScript,
  type Placeholders,
  placeholdersOf,
  valuesByName,
  valuesInOrder,
} from "./bind.ts";
import { explain } from "./errors.ts";

/** A value of a statement. */
export type SqlValue = SQLInputValue;
/** A row, by column name. */
export type SqlRow = Record<string, SQLOutputValue>;

/**
 * Runs the statements of handlers. Each text is prepared once. Beside the methods of SQLite, which
 * reply at once, it has `query` of `Tx`, with which a handler runs on Postgres as well.
 *
 * @example
 * ```ts
 * import type { Sql } from "odori/sqlite";
 *
 * const amountOf = (tx: Sql, orderId: string) =>
 *   tx.get("SELECT amount FROM charges WHERE order_id = ?", orderId)?.amount;
 * ```
 */
export interface Sql extends Tx {
  /** Returns how many rows changed. */
  run(statement: string, ...values: readonly SqlValue[]): number;
  /** Returns the first row; undefined if there is none. */
  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  /** Returns every row. */
  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** Runs several statements without values, such as `CREATE TABLE IF NOT EXISTS …`. */
  exec(script: string): void;
}

/** A statement as `query` and the libraries above SQLite send it. */
export interface SentStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Whether rows are lists of values, as columns of one name need. */
  readonly arrays?: boolean;
}

/** The reply to a `SentStatement`. */
export interface SentResult extends TxResult {
  readonly lastInsertRowid: number | bigint;
}

/** Runs what `query` and the libraries send. */
export abstract class Sending {
  abstract request(statement: SentStatement): SentResult;
  /** Whether a statement returns rows. */
  abstract returnsRows(text: string): boolean;

  async reply(statement: SentStatement): Promise<SentResult> {
    return this.request(statement);
  }

  /** SQLite answers at once: outside of a handler, a failure is thrown. */
  send(text: string, values: readonly unknown[] = []): void {
    this.request({ text, values });
  }

  query(text: string, values: readonly unknown[] = []): Promise<TxResult> {
    return this.reply({ text, values });
  }
}

/** A statement that is kept, with what is found out of its text once. */
interface Prepared {
  readonly statement: StatementSync;
  returnsRows?: boolean;
  /** Whether its rows are lists of values now. */
  arrays: boolean;
}

/** A text as `query` and the libraries send it, and its statement. */
interface Known {
  readonly places: Placeholders;
  /** Undefined for a script, which is not prepared. */
  readonly prepared: Prepared | undefined;
}

/** Most prepared statements: a bound for programs that write values into the text. */
const STATEMENTS_MAX = 256;

/** Runs statements of one connection, kept prepared. Errors are those of SQLite. */
export class PreparedSql extends Sending implements Sql {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();
  /** By the texts that are sent. */
  readonly #sent = new Map<string, Known>();

  constructor(database: DatabaseSync) {
    super();
    this.database = database;
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    return Number(this.#named(statement).run(...values).changes);
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#named(statement).get(...values);
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#named(statement).all(...values);
  }

  exec(script: string): void {
    this.database.exec(script);
  }

  request({ text, values = [], arrays = false }: SentStatement): SentResult {
    const { places, prepared } = this.#known(text);
    if (prepared === undefined) {
      checkScript(values);
      this.exec(text);
      return { rows: [], rowCount: null, lastInsertRowid: 0 };
    }
    const { statement } = prepared;
    // An object of names costs more than the values: without it, SQLite is not asked for any.
    if (!returnsRows(prepared)) {
      const { changes, lastInsertRowid } = places.named
        ? statement.run(valuesByName(places, values))
        : statement.run(...valuesInOrder(places, values));
      return { rows: [], rowCount: Number(changes), lastInsertRowid };
    }
    listRows(prepared, arrays);
    const rows = places.named
      ? statement.all(valuesByName(places, values))
      : statement.all(...valuesInOrder(places, values));
    return { rows, rowCount: rows.length, lastInsertRowid: 0 };
  }

  returnsRows(text: string): boolean {
    return returnsRows(this.#prepare(text));
  }

  /** The statement of a text, whose rows have names. */
  #named(text: string): StatementSync {
    const prepared = this.#prepare(text);
    listRows(prepared, false);
    return prepared.statement;
  }

  #known(text: string): Known {
    const known = this.#sent.get(text);
    if (known !== undefined) return known;
    const places = placeholdersOf(text);
    const sent = { places, prepared: places.script ? undefined : this.#prepare(places.prepared) };
    if (this.#sent.size >= STATEMENTS_MAX) this.#sent.clear();
    this.#sent.set(text, sent);
    return sent;
  }

  #prepare(text: string): Prepared {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    const prepared = { statement: this.database.prepare(text), arrays: false };
    this.#statements.set(text, prepared);
    return prepared;
  }
}

function returnsRows(prepared: Prepared): boolean {
  prepared.returnsRows ??= prepared.statement.columns().length > 0;
  return prepared.returnsRows;
}

function listRows(prepared: Prepared, arrays: boolean): void {
  if (prepared.arrays === arrays) return;
  prepared.statement.setReturnArrays(arrays);
  prepared.arrays = arrays;
}

/**
 * One SQLite connection, for the bookkeeping. Its errors name the file, and tell a full or locked
 * database from a wrong statement.
 */
export class Connection extends Sending implements Sql {
  readonly path: string;
  readonly database: DatabaseSync;
  /** For the statements of handlers: their errors are the handlers' own. */
  readonly raw: PreparedSql;

  constructor(path: string, database: DatabaseSync) {
    super();
    this.path = path;
    this.database = database;
    this.raw = new PreparedSql(database);
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    try {
      return this.raw.run(statement, ...values);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    try {
      return this.raw.get(statement, ...values);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    try {
      return this.raw.all(statement, ...values);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  exec(script: string): void {
    try {
      this.raw.exec(script);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  request(statement: SentStatement): SentResult {
    try {
      return this.raw.request(statement);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  returnsRows(text: string): boolean {
    return this.raw.returnsRows(text);
  }
}

/** A connection that is refused with `TRANSACTION_CLOSED` once the transaction has ended. */
export class TransactionSql extends Sending implements Sql {
  readonly #connection: () => Connection;
  #open = true;

  /** `connection` is asked with each statement. */
  constructor(connection: () => Connection) {
    super();
    this.#connection = connection;
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    return this.#checked().run(statement, ...values);
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#checked().get(statement, ...values);
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#checked().all(statement, ...values);
  }

  exec(script: string): void {
    this.#checked().exec(script);
  }

  request(statement: SentStatement): SentResult {
    return this.#checked().request(statement);
  }

  returnsRows(text: string): boolean {
    return this.#checked().returnsRows(text);
  }

  end(): void {
    this.#open = false;
  }

  #checked(): Connection {
    if (this.#open) return this.#connection();
    throw transactionClosed();
  }
}

/**
 * Wraps your own `node:sqlite` connection as a `Sql`, to begin a saga inside your transaction.
 *
 * @example
 * ```ts
 * import { DatabaseSync } from "node:sqlite";
 * import { start } from "odori";
 * import { memoryBus } from "odori/memory";
 * import { sqlite, sqlOf } from "odori/sqlite";
 * import { orderPlaced } from "./contracts.ts";
 * import { order } from "./services.ts";
 *
 * const app = await start(order, { store: sqlite("order.db"), bus: memoryBus([order]) });
 * const database = new DatabaseSync("order.db");
 * database.exec("BEGIN IMMEDIATE");
 * await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *   within: sqlOf(database),
 * });
 * database.exec("COMMIT");
 * ```
 */
export function sqlOf(database: DatabaseSync): Sql {
  return new Connection(database.location() ?? ":memory:", database);
}
