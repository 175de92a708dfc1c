import type { SqlClient, SqlResult, SqlRow } from "./native.ts";

/*
 * Wrap the transaction of another library as a `SqlClient`, so that `app.begin(…, { within })`
 * commits and rolls back with it. A client of `pg` is a `SqlClient` as it is. Each function
 * declares only the part of the library that it uses; none of the libraries is loaded.
 */

/**
 * Wraps a transaction of postgres.js.
 *
 * @example
 * ```ts
 * import { fromPostgresJs } from "odori/postgres";
 * import { app, postgresJs } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await postgresJs.begin(async (tx) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromPostgresJs(tx),
 *   });
 * });
 * ```
 */
export function fromPostgresJs(tx: {
  unsafe(text: string, values: (string | number | null)[]): PromiseLike<unknown>;
}): SqlClient {
  return { query: (text, values = []) => answered(tx.unsafe(text, values.map(toPlainValue))) };
}

/**
 * Wraps a transaction of Kysely, with its `CompiledQuery.raw`.
 *
 * @example
 * ```ts
 * import { fromKysely } from "odori/postgres";
 * import { app, CompiledQuery, kysely } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await kysely.transaction().execute(async (trx) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromKysely(trx, CompiledQuery.raw),
 *   });
 * });
 * ```
 */
export function fromKysely<Query>(
  trx: { executeQuery(query: Query): Promise<{ readonly rows: readonly unknown[] }> },
  raw: (text: string, values: unknown[]) => Query,
): SqlClient {
  return {
    query: async (text, values = []) =>
      answered((await trx.executeQuery(raw(text, [...values]))).rows),
  };
}

/**
 * Wraps a transaction of Drizzle, with its `sql`.
 *
 * @example
 * ```ts
 * import { fromDrizzle } from "odori/postgres";
 * import { app, drizzle, sql } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await drizzle.transaction(async (tx) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromDrizzle(tx, sql),
 *   });
 * });
 * ```
 */
export function fromDrizzle<Query>(
  tx: { execute(query: Query): PromiseLike<unknown> },
  sql: ((parts: TemplateStringsArray, ...values: unknown[]) => Query) & {
    param(value: unknown): unknown;
  },
): SqlClient {
  return {
    query(text, values = []) {
      const { parts, order } = aroundValues(text);
      return answered(tx.execute(sql(parts, ...order.map((index) => sql.param(values[index])))));
    },
  };
}

/**
 * Wraps a transaction of Prisma.
 *
 * @example
 * ```ts
 * import { fromPrisma } from "odori/postgres";
 * import { app, prisma } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await prisma.$transaction(async (tx) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromPrisma(tx),
 *   });
 * });
 * ```
 */
export function fromPrisma(tx: {
  $queryRawUnsafe(text: string, ...values: unknown[]): PromiseLike<unknown>;
}): SqlClient {
  return { query: (text, values = []) => answered(tx.$queryRawUnsafe(text, ...values)) };
}

/**
 * Wraps a transaction of Knex.
 *
 * @example
 * ```ts
 * import { fromKnex } from "odori/postgres";
 * import { app, knex } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await knex.transaction(async (trx) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromKnex(trx),
 *   });
 * });
 * ```
 */
export function fromKnex(trx: {
  raw(text: string, values: unknown[]): PromiseLike<unknown>;
}): SqlClient {
  return {
    query(text, values = []) {
      const { statement, order } = withQuestionMarks(text);
      return answered(
        trx.raw(
          statement,
          order.map((index) => values[index] ?? null),
        ),
      );
    },
  };
}

/**
 * Wraps a transaction of TypeORM.
 *
 * @example
 * ```ts
 * import { fromTypeOrm } from "odori/postgres";
 * import { app, dataSource } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await dataSource.transaction(async (em) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromTypeOrm(em),
 *   });
 * });
 * ```
 */
export function fromTypeOrm(em: {
  query(text: string, values?: unknown[]): PromiseLike<unknown>;
}): SqlClient {
  return { query: (text, values = []) => answered(em.query(text, [...values])) };
}

/**
 * Wraps a transaction of MikroORM. It flushes the unit of work before each statement.
 *
 * @example
 * ```ts
 * import { fromMikroOrm } from "odori/postgres";
 * import { app, mikroOrm } from "./app.ts";
 * import { orderPlaced } from "./contracts.ts";
 *
 * await mikroOrm.transactional(async (em) => {
 *   await app.begin("o-1", () => orderPlaced({ orderId: "o-1", amount: 100 }), {
 *     within: fromMikroOrm(em),
 *   });
 * });
 * ```
 */
export function fromMikroOrm<Context>(em: {
  flush(): Promise<void>;
  getTransactionContext(): Context | undefined;
  getConnection(): {
    execute(
      text: string,
      values: unknown[],
      method: "all",
      context: Context | undefined,
    ): Promise<unknown>;
  };
}): SqlClient {
  return {
    async query(text, values = []) {
      await em.flush();
      const { statement, order } = withQuestionMarks(text);
      const chosen = order.map((index) => values[index] ?? null);
      return answered(
        em.getConnection().execute(statement, chosen, "all", em.getTransactionContext()),
      );
    },
  };
}

/** The bookkeeping passes only these values; any other one is passed as text. */
function toPlainValue(value: unknown): string | number | null {
  return typeof value === "string" || typeof value === "number" || value === null
    ? value
    : String(value);
}

/** Reads the result, which is a list of rows, an object with rows, or rows and their count. */
async function answered(answer: PromiseLike<unknown> | unknown): Promise<SqlResult> {
  const value = await answer;
  if (typeof value === "object" && value !== null && !Array.isArray(value) && "rows" in value)
    return answered(value.rows);
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  // TypeORM returns [rows, count] for an UPDATE or DELETE.
  const [first, count] = list;
  if (list.length === 2 && Array.isArray(first) && typeof count === "number")
    return { rows: first, rowCount: count };
  const rows = list.filter((row): row is SqlRow => typeof row === "object" && row !== null);
  return { rows, rowCount: rows.length };
}

interface Parted {
  readonly parts: TemplateStringsArray;
  /** Index of the value after each part, from 0. */
  readonly order: readonly number[];
}

/** Splits a bookkeeping statement at `$1`, `$2` and so on; its quoted texts contain none. */
function aroundValues(text: string): Parted {
  const order = [...text.matchAll(/\$(\d+)/g)].map((match) => Number(match[1]) - 1);
  const parts = text.split(/\$\d+/);
  return { parts: Object.assign(parts, { raw: parts }), order };
}

/** Replaces placeholders by `?`, as Knex and MikroORM write them; a literal one is `\\?`. */
function withQuestionMarks(text: string): {
  readonly statement: string;
  readonly order: readonly number[];
} {
  const { parts, order } = aroundValues(text);
  return { statement: parts.map((part) => part.replaceAll("?", "\\?")).join("?"), order };
}
