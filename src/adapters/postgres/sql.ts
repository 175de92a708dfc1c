import type pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { transactionClosed } from "../../ports/errors.ts";
import { explain } from "./errors.ts";
import type { PreparedNames } from "./prepared.ts";
import { isOfSession } from "./session.ts";

/** A row, by column name. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** The result of a statement. */
export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** How many rows the statement changed or returned. */
  readonly rowCount: number | null;
}

/**
 * Runs the statements of handlers, or of your own transaction that `begin` joins. A client of `pg`
 * is one; `fromKysely` and its siblings wrap those of other libraries.
 *
 * @example
 * ```ts
 * import type { Sql } from "odori/postgres";
 *
 * async function amountOf(tx: Sql, orderId: string) {
 *   const { rows } = await tx.query("SELECT amount FROM charges WHERE order_id = $1", [orderId]);
 *   return rows[0]?.amount;
 * }
 * ```
 */
export interface Sql {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

/** A statement of the bookkeeping, prepared under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs the bookkeeping. Each value is text or a number, which all drivers pass alike. */
export interface Bookkeeper {
  run(
    statement: Statement,
    values: readonly (string | number | null)[],
  ): Promise<readonly SqlRow[]>;
  /** Whether a statement may be sent before the reply to the previous one. */
  readonly pipelined: boolean;
  /**
   * Sends COMMIT without waiting for earlier replies, and refuses any later statement. Returns
   * false if the transaction belongs to the caller.
   */
  commit(): boolean;
  /** Tells how many more handlers will use the transaction. */
  share(handlers: number): void;
}

/** Runs the bookkeeping in the caller's transaction, one statement after the other. */
export function joined(sql: Sql): Bookkeeper {
  return {
    run: async (statement, values) => (await sql.query(statement.text, values)).rows,
    pipelined: false,
    commit: () => false,
    share: () => {},
  };
}

/** A connection during one transaction; rejects with `TRANSACTION_CLOSED` after it. */
export class TransactionSql implements Sql, Bookkeeper {
  readonly pipelined = true;
  readonly #client: pg.PoolClient;
  readonly #begun: Promise<unknown>;
  readonly #place: string;
  readonly #prepare: PreparedNames | undefined;
  #open = true;
  #committed: Promise<pg.QueryResult> | undefined;
  #handlers = 0;
  #ofSession = false;
  #refused: OdoriError | undefined;

  /**
   * `begun` is the reply to BEGIN. Bookkeeping is sent without waiting for it; handlers' statements
   * wait.
   */
  constructor(
    client: pg.PoolClient,
    begun: Promise<unknown>,
    place: string,
    prepare: PreparedNames | undefined,
  ) {
    this.#client = client;
    this.#begun = begun;
    this.#place = place;
    this.#prepare = prepare;
  }

  async query(text: string, values: readonly unknown[] = []): Promise<SqlResult> {
    this.#check();
    try {
      await this.#begun;
      this.#ofSession ||= isOfSession(text);
      this.#refuseShared();
      this.#check();
      // A text without values may be several statements, which cannot be prepared.
      const name = values.length === 0 ? undefined : this.#prepare?.of(text);
      return await this.#client.query(
        name === undefined ? { text, values: [...values] } : { name, text, values: [...values] },
      );
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  async run(
    { name, text }: Statement,
    values: readonly (string | number | null)[],
  ): Promise<readonly SqlRow[]> {
    this.#check();
    try {
      const query =
        this.#prepare !== undefined
          ? { name, text, values: [...values] }
          : { text, values: [...values] };
      const [{ rows }] = await Promise.all([this.#client.query<SqlRow>(query), this.#begun]);
      return rows;
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  share(handlers: number): void {
    this.#handlers += handlers;
    this.#refuseShared();
  }

  commit(): true {
    this.#open = false;
    const sent = this.#client.query("COMMIT");
    // `committed` reports the failure.
    sent.catch(() => {});
    this.#committed = sent;
    return true;
  }

  /** Sends COMMIT, unless it was sent, and resolves to its reply. */
  committed(): Promise<pg.QueryResult> {
    if (this.#committed === undefined) this.commit();
    return this.#committed ?? this.#client.query("COMMIT");
  }

  end(): void {
    this.#open = false;
  }

  /**
   * A change of the session would affect the other handlers of the transaction. The batch fails,
   * and the runtime handles its deliveries one by one.
   */
  #refuseShared(): void {
    if (!this.#ofSession || this.#handlers <= 1) return;
    this.#refused = new OdoriError(
      "TRANSACTION_SHARED",
      "A statement that changes the session needs a transaction of its own.",
      {
        hint: "It is handled again, alone. Avoid SET, savepoints and lastval() in handlers.",
      },
    );
  }

  #check(): void {
    if (this.#refused !== undefined) throw this.#refused;
    if (this.#open) return;
    throw transactionClosed();
  }
}
