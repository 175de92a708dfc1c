import { NestedTransactions } from "../../adapter/nested.ts";
import { OdoriError } from "../../contract/errors.ts";
import { Sending, type SentStatement, type Sql } from "./sql.ts";

/** The part of a database of better-sqlite3 that Kysely and Knex use. */
export interface DatabaseOfLibrary {
  prepare(text: string): StatementOfLibrary;
  /** Does nothing: the database is the store's. */
  close(): void;
}

/** The part of a statement of better-sqlite3 that Kysely and Knex use. */
export interface StatementOfLibrary {
  /** Whether it returns rows. */
  readonly reader: boolean;
  all(values?: readonly unknown[]): unknown[];
  run(values?: readonly unknown[]): {
    readonly changes: number;
    readonly lastInsertRowid: number | bigint;
  };
  iterate(values?: readonly unknown[]): IterableIterator<unknown>;
}

/**
 * Wraps the transaction of a handler as a database of better-sqlite3, for the libraries that are
 * given one: Kysely (`new SqliteDialect({ database })`) and Knex (`.connection(database)`). That
 * package is not needed. A transaction that the library opens becomes a savepoint.
 *
 * Throws `OPTION_INVALID` where `tx` is not the transaction of a handler or of `setup`.
 *
 * @example
 * ```ts
 * import { asDatabase, type Sql } from "odori/sqlite";
 *
 * const amounts = (tx: Sql) => asDatabase(tx).prepare("SELECT amount FROM charges").all();
 * ```
 */
export function asDatabase(tx: Sql): DatabaseOfLibrary {
  const sql = sendingOf(tx);
  const translate = NestedTransactions.of(sql).connection();
  return {
    close() {},
    prepare(written) {
      const text = translate(written);
      const all = (values: readonly unknown[] = []) => [...sql.request({ text, values }).rows];
      return {
        reader: sql.returnsRows(text),
        all,
        run(values = []) {
          const { rowCount, lastInsertRowid } = sql.request({ text, values });
          return { changes: rowCount ?? 0, lastInsertRowid };
        },
        iterate: (values) => all(values).values(),
      };
    },
  };
}

/** What `drizzle` of `drizzle-orm/sqlite-proxy` calls for each statement. */
export type DrizzleProxy = (
  text: string,
  values: unknown[],
  method: "run" | "all" | "values" | "get",
) => Promise<{ rows: unknown[] }>;

/**
 * Wraps the transaction of a handler for `drizzle` of `drizzle-orm/sqlite-proxy`. A transaction
 * that Drizzle opens becomes a savepoint.
 *
 * Throws `OPTION_INVALID` where `tx` is not the transaction of a handler or of `setup`.
 *
 * @example
 * ```ts
 * import { asProxy, type Sql } from "odori/sqlite";
 * import { charges, drizzleProxy } from "./app.ts";
 *
 * const charge = (tx: Sql, orderId: string) =>
 *   drizzleProxy(asProxy(tx)).insert(charges).values({ orderId });
 * ```
 */
export function asProxy(tx: Sql): DrizzleProxy {
  const sql = sendingOf(tx);
  const translate = NestedTransactions.of(sql).connection();
  return async (text, values, method) => {
    const statement: SentStatement = { text: translate(text), values, arrays: true };
    const { rows } = await sql.reply(statement);
    // `get` takes the row itself, and undefined for none: of that Drizzle's type says nothing.
    return Object.assign({ rows: [...rows] }, method === "get" && { rows: rows[0] });
  };
}

function sendingOf(tx: Sql): Sending {
  if (tx instanceof Sending) return tx;
  throw new OdoriError("OPTION_INVALID", "A library is given the transaction of a handler.", {
    hint: "Pass the `tx` of the handler's context.",
  });
}
