import type { Mutex } from "../adapter/mutex.ts";
import type { SqlRow } from "../adapters/postgres/native.ts";
import type { TransactionControl } from "../adapters/postgres/open-transaction.ts";
import type { Connection, NamedStatement, SqlReply } from "../adapters/postgres/sql.ts";
import type { PgliteSession } from "./pglite-session.ts";

/** Where the statements of a transaction run. */
export interface PglitePlace {
  readonly session: PgliteSession;
  readonly control: TransactionControl;
  /** Distinguishes prepared statements of services: their tables have the same names. */
  readonly prefix: string;
  /** The time of the process. */
  now(): number;
}

/**
 * One transaction in the session. It opens with its first statement, since most have none: before
 * that it holds nothing.
 */
export class PgliteConnection implements Connection {
  readonly #place: PglitePlace;
  readonly #run: number;
  #opened: Promise<unknown> | undefined;
  #release = () => {};

  constructor(place: PglitePlace) {
    this.#place = place;
    this.#run = place.session.run;
  }

  query<Row extends SqlRow = SqlRow>(statement: string | NamedStatement): Promise<SqlReply<Row>> {
    const { session, control } = this.#place;
    // A handler that outlives its run.
    if (session.run !== this.#run) return new Promise(() => {});
    if (statement === control.begin) return Promise.resolve(nothing());
    const ends = statement === control.commit || statement === control.rollback;
    if (ends && this.#opened === undefined) return Promise.resolve(nothing());
    if (this.#opened !== undefined) return this.#opened.then(() => this.#send<Row>(statement));
    // A savepoint usually comes first: both are one message.
    const first = typeof statement === "string" ? `${control.begin}; ${statement}` : control.begin;
    const opened = this.#open<Row>(first);
    this.#opened = opened;
    return first === control.begin ? opened.then(() => this.#send<Row>(statement)) : opened;
  }

  release(): void {
    this.#release();
  }

  async #open<Row extends SqlRow>(first: string): Promise<SqlReply<Row>> {
    const { session, now } = this.#place;
    this.#release = await acquire(session.turn);
    session.now = now;
    return session.query(first);
  }

  #send<Row extends SqlRow>(statement: string | NamedStatement): Promise<SqlReply<Row>> {
    const { session, prefix } = this.#place;
    if (typeof statement === "string" || statement.name === undefined)
      return session.query(statement);
    return session.query({ ...statement, name: `${prefix}${statement.name}` });
  }
}

/** Waits for the mutex. Resolves to what gives it back. */
export function acquire(mutex: Mutex): Promise<() => void> {
  return new Promise((resolve) => {
    void mutex.run(() => new Promise<void>((release) => resolve(release)));
  });
}

function nothing() {
  return { rows: [], rowCount: 0, command: "" };
}
