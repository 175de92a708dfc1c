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

/** One SQLite connection. An unavailable database throws a `StoreUnavailableError`. */
export class Connection implements Sql {
  readonly path: string;
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string, database: DatabaseSync) {
    this.path = path;
    this.database = database;
  }

  run(statement: string, ...values: readonly SqlValue[]): number {
    try {
      return Number(this.#prepare(statement).run(...values).changes);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  /** Like `run`, but returns the rowid of the inserted row. */
  insert(statement: string, ...values: readonly SqlValue[]): number {
    try {
      return Number(this.#prepare(statement).run(...values).lastInsertRowid);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  get(statement: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    try {
      return this.#prepare(statement).get(...values);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  all(statement: string, ...values: readonly SqlValue[]): readonly SqlRow[] {
    try {
      return this.#prepare(statement).all(...values);
    } catch (error) {
      throw explain(error, this.path);
    }
  }

  exec(script: string): void {
    try {
      this.database.exec(script);
    } catch (error) {
      throw explain(error, this.path);
    }
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

/** A connection during one transaction; throws `TRANSACTION_CLOSED` after it. */
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
