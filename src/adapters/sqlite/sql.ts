import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { transactionClosed } from "../../ports/errors.ts";
import { explain } from "./errors.ts";

/** A value of a statement. */
export type SqlValue = SQLInputValue;
/** A row, by column name. */
export type SqlRow = Record<string, SQLOutputValue>;

/**
 * Runs the statements of handlers. Each text is prepared once.
 *
 * @example
 * ```ts
 * import type { Sql } from "odori/sqlite";
 *
 * const amountOf = (tx: Sql, orderId: string) =>
 *   tx.get("SELECT amount FROM charges WHERE order_id = ?", orderId)?.amount;
 * ```
 */
export interface Sql {
  /** Returns how many rows changed. */
  run(statement: string, ...values: readonly SqlValue[]): number;
  /** Returns the first row; undefined if there is none. */
  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined;
  /** Returns every row. */
  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[];
  /** Runs several statements without values, such as `CREATE TABLE IF NOT EXISTS …`. */
  exec(script: string): void;
}

/** Most prepared statements: a bound for programs that write values into the text. */
const STATEMENTS_MAX = 256;

/** Runs statements of one connection, kept prepared. Errors are those of SQLite. */
export class PreparedSql implements Sql {
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.database = database;
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    return Number(this.#prepare(statement).run(...values).changes);
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    return this.#prepare(statement).get(...values);
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    return this.#prepare(statement).all(...values);
  }

  exec(script: string): void {
    this.database.exec(script);
  }

  #prepare(statement: string): StatementSync {
    const known = this.#statements.get(statement);
    if (known !== undefined) return known;
    if (this.#statements.size >= STATEMENTS_MAX) this.#statements.clear();
    const prepared = this.database.prepare(statement);
    this.#statements.set(statement, prepared);
    return prepared;
  }
}

/**
 * One SQLite connection, for the bookkeeping. Its errors name the file, and tell a full or locked
 * database from a wrong statement.
 */
export class Connection implements Sql {
  readonly path: string;
  readonly database: DatabaseSync;
  /** For the statements of handlers: their errors are the handlers' own. */
  readonly raw: PreparedSql;

  constructor(path: string, database: DatabaseSync) {
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
}

/** A connection that is refused with `TRANSACTION_CLOSED` once the transaction has ended. */
export class TransactionSql implements Sql {
  readonly #connection: Connection;
  #open = true;

  constructor(connection: Connection) {
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

  end(): void {
    this.#open = false;
  }

  #checked(): Connection {
    if (this.#open) return this.#connection;
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
