import { type SQL, sql } from "drizzle-orm";
import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type pg from "pg";
import {
  type Contestant,
  type Finished,
  type Running,
  SERVICES,
  type ServiceName,
} from "../harness/contestant.ts";
import { CONNECTIONS, createRows, rowsOf, type Sql, soldOf, writeAlone, writeRow } from "./rows.ts";

/** What both versions of the library have, as far as it is used here. */
interface Library {
  registerWorkflow(
    run: (orderId: string) => Promise<void>,
    options: { name: string },
  ): (orderId: string) => Promise<void>;
  setConfig(config: {
    name: string;
    systemDatabaseUrl: string;
    systemDatabasePoolSize: number;
    logLevel: string;
  }): void;
  launch(): Promise<void>;
  startWorkflow(
    workflow: (orderId: string) => Promise<void>,
    options: { workflowID: string },
  ): (orderId: string) => Promise<unknown>;
  shutdown(): Promise<void>;
}

/** Four steps in a workflow, which the library checkpoints. No call begins many. */
async function run(
  library: Library,
  finished: Finished,
  url: string,
  step: (name: ServiceName, orderId: string) => Promise<void>,
): Promise<Pick<Running, "begin" | "close">> {
  const saga = library.registerWorkflow(
    async (orderId) => {
      try {
        for (const name of SERVICES) await step(name, orderId);
      } catch (error) {
        // The library keeps it to itself, and the round would wait for this saga.
        setImmediate(() => {
          throw error;
        });
        throw error;
      }
      finished(orderId);
    },
    { name: "saga" },
  );
  library.setConfig({
    name: "bench",
    systemDatabaseUrl: url,
    systemDatabasePoolSize: CONNECTIONS,
    logLevel: "error",
  });
  await library.launch();
  return {
    begin: (orderId) => library.startWorkflow(saga, { workflowID: orderId })(orderId),
    close: () => library.shutdown(),
  };
}

/** Both versions end with their rows, which are read over a pool of the benchmark's own. */
function withRows({ begin, close }: Pick<Running, "begin" | "close">, pool: pg.Pool): Running {
  return {
    begin,
    rows: () => rowsOf(pool),
    sales: () => soldOf(pool),
    async close() {
      await close();
      await pool.end();
    },
  };
}

/**
 * After https://docs.dbos.dev/typescript/tutorials/transaction-tutorial: each step is a
 * transaction of a datasource. A step's row and the record that the step is done are one commit;
 * the library's own checkpoint of the step follows in another. The datasource is that for Drizzle
 * over node-postgres: the one for Postgres.js begins a transaction behind another query, and then
 * refuses it (`UNSAFE_TRANSACTION`), which ends the saga. Neither runs with version 5.
 */
export const datasource: Contestant = {
  durability:
    "DBOS 4.27 with its datasource for Drizzle: Postgres, fsync=on; a step's row and its " +
    "completion in one commit, the workflow's own in others",
  async open({ servers, finished, stock }) {
    const { DBOS } = await import("@dbos-inc/dbos-sdk");
    const { DrizzleDataSource } = await import("@dbos-inc/drizzle-datasource");
    const pool = await createRows(servers.postgres, stock);
    const source = new DrizzleDataSource<NodePgDatabase>("rows", pool);
    const step: Sql = {
      query: (text, values) => source.client.execute(bound(text, values)),
    };
    const running = await run(DBOS, finished, servers.postgres, (name, orderId) =>
      source.runTransaction(() => writeRow(step, name, orderId, stock), { name }),
    );
    return withRows(running, pool);
  },
};

/** The statement as Drizzle takes it: with its values in the place of `$1`, `$2`. */
function bound(text: string, values: readonly unknown[]): SQL {
  const parts = text.split(/\$(\d+)/);
  return sql.join(
    parts.map((part, n) => (n % 2 === 0 ? sql.raw(part) : sql.param(values[Number(part) - 1]))),
  );
}

/** After https://docs.dbos.dev/typescript/tutorials/step-tutorial: steps of the newest version. */
export const steps: Contestant = {
  durability: "DBOS 5.3: Postgres, fsync=on; a step's row and its checkpoint are two commits",
  async open({ servers, finished, stock }) {
    // The other version must not be in the same process.
    const { DBOS } = await import("dbos-sdk-5");
    const pool = await createRows(servers.postgres, stock);
    const running = await run(DBOS, finished, servers.postgres, (name, orderId) =>
      DBOS.runStep(() => writeAlone(pool, name, orderId, stock), { name }),
    );
    return withRows(running, pool);
  },
};
