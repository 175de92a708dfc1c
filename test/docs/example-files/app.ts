/* What the examples of the doc comments import as `./app.ts`: the order service, running. */
import { start } from "odori";
import { memoryBus } from "odori/memory";
import { postgres } from "odori/postgres";
import type { DrizzleProxy } from "odori/sqlite";
import type { Pool } from "pg";
import { orderPg } from "./services.ts";

export const app = await start(orderPg, {
  store: postgres("postgres://localhost/shop"),
  bus: memoryBus([orderPg]),
});

/** The part of each library that an example calls. */
interface Transactions<Tx> {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export declare const knex: Transactions<{
  raw(text: string, values: unknown[]): Promise<unknown>;
}>;
export declare const dataSource: Transactions<{
  query(text: string, values?: unknown[]): Promise<unknown>;
}>;
export declare const drizzle: Transactions<{ execute(query: string): Promise<unknown> }>;
export declare const sql: ((parts: TemplateStringsArray, ...values: unknown[]) => string) & {
  param(value: unknown): unknown;
};
export declare const prisma: {
  $transaction<T>(
    work: (tx: {
      $queryRawUnsafe(text: string, ...values: unknown[]): Promise<unknown>;
    }) => Promise<T>,
  ): Promise<T>;
};
export declare const postgresJs: {
  begin<T>(
    work: (tx: {
      unsafe(text: string, values: (string | number | null)[]): Promise<unknown>;
    }) => Promise<T>,
  ): Promise<T>;
};
export declare const kysely: {
  transaction(): {
    execute<T>(
      work: (trx: {
        executeQuery(query: string): Promise<{ readonly rows: readonly unknown[] }>;
      }) => Promise<T>,
    ): Promise<T>;
  };
};
export declare const CompiledQuery: { raw(text: string, values: unknown[]): string };
export declare const mikroOrm: {
  transactional<T>(
    work: (em: {
      flush(): Promise<void>;
      getTransactionContext(): object | undefined;
      getConnection(): {
        execute(
          text: string,
          values: unknown[],
          method: "all",
          context: object | undefined,
        ): Promise<unknown>;
      };
    }) => Promise<T>,
  ): Promise<T>;
};

/** What `asPool` and `asProxy` are passed to. */
type DrizzleOf<Client> = (client: Client) => {
  insert(table: object): { values(row: object): Promise<unknown> };
};
export declare const drizzleOf: DrizzleOf<Pool>;
export declare const drizzleProxy: DrizzleOf<DrizzleProxy>;
export declare const charges: object;
