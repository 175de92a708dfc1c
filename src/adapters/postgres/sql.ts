import type pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { explain } from "./errors.ts";
import type { PreparedNames } from "./prepared.ts";
import { isOfSession } from "./session.ts";

/** A row of a result, by column. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** The result of a statement. */
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
  /** So many handlers more write through it. */
  share(handlers: number): void;
}

/** Statements go out one after the other over somebody else's transaction. */
export function joined(sql: Sql): Bookkeeper {
  return {
    run: async (statement, values) => (await sql.query(statement.text, values)).rows,
    pipelined: false,
    commit: () => false,
    share: () => {},
  };
}

/** A connection for as long as one transaction lasts. */
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
   * `begun` is the answer to BEGIN, which need not be there yet: bookkeeping that only looks is
   * sent along with it, everything else waits.
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
      // Without values it may be several statements at once, which cannot be prepared.
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
    // Whoever waits for it learns what went wrong.
    sent.catch(() => {});
    this.#committed = sent;
    return true;
  }

  /** The answer to COMMIT, which is sent if it was not yet. */
  committed(): Promise<pg.QueryResult> {
    if (this.#committed === undefined) this.commit();
    return this.#committed ?? this.#client.query("COMMIT");
  }

  end(): void {
    this.#open = false;
  }

  /**
   * What is said to the session by one handler would hold for the others: whoever does so gets a
   * transaction of its own, when the batch is done again one by one.
   */
  #refuseShared(): void {
    if (!this.#ofSession || this.#handlers <= 1) return;
    this.#refused = new OdoriError(
      "TRANSACTION_SHARED",
      "A statement that changes the session needs a transaction of its own.",
      {
        hint: "Nothing: the delivery is handled again, alone. To keep batches fast, do without SET, savepoints and lastval() in handlers.",
      },
    );
  }

  #check(): void {
    if (this.#refused !== undefined) throw this.#refused;
    if (this.#open) return;
    throw new OdoriError("TRANSACTION_CLOSED", "This transaction has ended.", {
      hint: "Await everything before the handler returns.",
    });
  }
}
