import type pg from "pg";
import { Sends } from "../../adapter/sends.ts";
import { transactionClosed } from "../../ports/errors.ts";
import { bindable } from "./bindable.ts";
import { explain } from "./errors.ts";
import type { Sql, SqlClient, SqlResult, SqlRow } from "./native.ts";
import type { PreparedNames } from "./prepared.ts";
import { outlivesTransaction } from "./session.ts";

/** A statement as the libraries above `pg` send it: only how its rows are read differs. */
export interface SentStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  readonly rowMode?: "array";
  readonly types?: pg.CustomTypesConfig;
}

/** A transaction of Odori on a connection of its own, which `asPool` may wrap. */
export abstract class Sending implements Sql {
  abstract request(statement: SentStatement): Promise<SqlResult>;
  /** As `Sql`: the failure is that of the transaction. */
  abstract send(text: string, values?: readonly unknown[]): void;

  query(text: string, values: readonly unknown[] = []): Promise<SqlResult> {
    return this.request({ text, values });
  }
}

/** A statement of the bookkeeping, prepared under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/**
 * Runs the bookkeeping. Each value is text or a number, which all drivers pass alike. A statement
 * may be sent before the reply to the previous one: they run in the order in which they were sent.
 */
export interface Bookkeeper {
  run(
    statement: Statement,
    values: readonly (string | number | null)[],
  ): Promise<readonly SqlRow[]>;
  /**
   * Sends COMMIT without waiting for earlier replies, and refuses any later statement. Returns
   * false if the transaction belongs to the caller.
   */
  commit(): boolean;
}

/** Runs the bookkeeping in the caller's transaction, one statement after the other. */
export function joined(sql: SqlClient): Bookkeeper {
  let previous: Promise<unknown> = Promise.resolve();
  return {
    run(statement, values) {
      const reply = previous.then(() => sql.query(statement.text, values));
      // Behind a failed statement nothing can be run in its transaction.
      previous = reply;
      return reply.then(({ rows }) => rows);
    },
    commit: () => false,
  };
}

/** A statement for `pg`; it is prepared under its name. */
export interface NamedStatement extends SentStatement {
  readonly name?: string;
  readonly values?: unknown[];
}

/** The reply of a connection. */
export interface SqlReply<Row> {
  readonly rows: Row[];
  readonly rowCount: number | null;
  /** The first word of the statement; `ROLLBACK` for the COMMIT of a failed transaction. */
  readonly command: string;
}

/** What a transaction needs of its connection. A client of a pool of `pg` has it. */
export interface Connection {
  query<Row extends SqlRow = SqlRow>(statement: string | NamedStatement): Promise<SqlReply<Row>>;
  /** Gives it back; with an error it is not used again. */
  release(broken?: Error): void;
}

/** What `TransactionSql` takes beside its connection. */
interface TransactionParts {
  /**
   * The reply to BEGIN, which may still be on its way: bookkeeping is sent along with it,
   * statements of handlers wait.
   */
  readonly begun: Promise<unknown>;
  /** The statement that commits. */
  readonly commit: string;
  readonly place: string;
  readonly prepared: PreparedNames | undefined;
  /** Told before a statement of a handler that changes the session for good. */
  readonly onSession?: () => void;
}

/** The bookkeeping of one transaction over a connection of the store's own. */
export class TransactionSql extends Sending implements Bookkeeper {
  readonly #client: Connection;
  readonly #begun: Promise<unknown>;
  readonly #commit: string;
  readonly #place: string;
  #prepare: PreparedNames | undefined;
  readonly #onSession: () => void;
  readonly #sends = new Sends();
  #open = true;
  #committed: Promise<SqlReply<SqlRow>> | undefined;

  constructor(
    client: Connection,
    { begun, commit, place, prepared, onSession = () => {} }: TransactionParts,
  ) {
    super();
    this.#client = client;
    this.#begun = begun;
    this.#commit = commit;
    this.#place = place;
    this.#prepare = prepared;
    this.#onSession = onSession;
  }

  send(text: string, values: readonly unknown[] = []): void {
    this.#sends.add(this.request({ text, values }));
  }

  /** Resolves once what was sent has ended; undefined if there was nothing. */
  sent(): Promise<void> | undefined {
    return this.#sends.ended();
  }

  /** Runs a statement of a handler. Its errors are those of `pg`. */
  async request({ values = [], ...statement }: SentStatement): Promise<SqlResult> {
    this.#check();
    await this.#begun;
    this.#check();
    // Without values it may be several statements at once, which cannot be prepared.
    const name = values.length === 0 ? undefined : this.#prepare?.of(statement.text);
    const query = { ...statement, values: values.map(bindable) };
    if (outlivesTransaction(statement.text)) {
      // It may deallocate what the connection has prepared.
      this.#prepare = undefined;
      this.#onSession();
    }
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
      const [{ rows }] = await Promise.all([this.#client.query(named), this.#begun]);
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
    const sent = this.#client.query(this.#commit);
    // The caller of `committed` learns what went wrong.
    sent.catch(() => {});
    this.#committed = sent;
    return true;
  }

  /** Whether COMMIT was sent. */
  get isCommitting(): boolean {
    return this.#committed !== undefined;
  }

  /** The reply to COMMIT, which is sent if it was not yet. */
  committed(): Promise<SqlReply<SqlRow>> {
    if (this.#committed === undefined) this.commit();
    return this.#committed ?? this.#client.query(this.#commit);
  }

  end(): void {
    this.#open = false;
  }

  #check(): void {
    if (!this.#open) throw transactionClosed();
  }
}
