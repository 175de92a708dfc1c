import type pg from "pg";
import { transactionClosed } from "../../ports/errors.ts";
import { explain } from "./errors.ts";
import type { PreparedNames } from "./prepared.ts";

export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** How many rows were changed, or read. */
  readonly rowCount: number | null;
}

/**
 * What handlers write through, and all that is needed to join a transaction of your own: something
 * that runs SQL with values. A client of `pg` is one as it is; for the others see `join.ts`.
 */
export interface Sql {
  query(text: string, values?: readonly unknown[]): Promise<SqlResult>;
}

/** A statement of the bookkeeping, which is kept prepared under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Runs the bookkeeping. Every value is text or a number: no driver has an opinion of its own about
 * those.
 */
export interface Bookkeeper {
  run(
    statement: Statement,
    values: readonly (string | number | null)[],
  ): Promise<readonly SqlRow[]>;
  /** Whether a statement may be sent before the one before it was answered. */
  readonly pipelined: boolean;
  /**
   * Sends COMMIT, without waiting for what was sent before; false where that is not ours to do.
   * From then on nothing else is taken.
   */
  commit(): boolean;
}

/** Statements go out one after the other over somebody else's transaction. */
export function joined(sql: Sql): Bookkeeper {
  return {
    run: async (statement, values) => (await sql.query(statement.text, values)).rows,
    pipelined: false,
    commit: () => false,
  };
}

/** The bookkeeping of one transaction over a connection of the store's own. */
export class TransactionSql implements Sql, Bookkeeper {
  readonly pipelined = true;
  readonly #client: pg.PoolClient;
  readonly #begun: Promise<unknown>;
  readonly #place: string;
  readonly #prepare: PreparedNames | undefined;
  #open = true;
  #committed: Promise<pg.QueryResult> | undefined;

  /**
   * `begun` is the reply to BEGIN, which may still be on its way: bookkeeping is sent along with
   * it, statements of handlers wait.
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

  /** Runs a statement of a handler. Its errors are those of `pg`. */
  async query(text: string, values: readonly unknown[] = []): Promise<SqlResult> {
    this.#check();
    await this.#begun;
    this.#check();
    // Without values it may be several statements at once, which cannot be prepared.
    const name = values.length === 0 ? undefined : this.#prepare?.of(text);
    const query = { text, values: [...values] };
    return this.#client.query(name === undefined ? query : { ...query, name });
  }

  async run(
    { name, text }: Statement,
    values: readonly (string | number | null)[],
  ): Promise<readonly SqlRow[]> {
    this.#check();
    try {
      const query = { text, values: [...values] };
      const named = this.#prepare === undefined ? query : { ...query, name };
      const [{ rows }] = await Promise.all([this.#client.query<SqlRow>(named), this.#begun]);
      return rows;
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  /** Runs text without values, such as `SAVEPOINT`, for the bookkeeping. */
  async control(text: string): Promise<void> {
    this.#check();
    try {
      await Promise.all([this.#client.query(text), this.#begun]);
    } catch (error) {
      throw explain(error, this.#place);
    }
  }

  commit(): true {
    this.#open = false;
    const sent = this.#client.query("COMMIT");
    // The caller of `committed` learns what went wrong.
    sent.catch(() => {});
    this.#committed = sent;
    return true;
  }

  /** The reply to COMMIT, which is sent if it was not yet. */
  committed(): Promise<pg.QueryResult> {
    if (this.#committed === undefined) this.commit();
    return this.#committed ?? this.#client.query("COMMIT");
  }

  end(): void {
    this.#open = false;
  }

  #check(): void {
    if (!this.#open) throw transactionClosed();
  }
}
