import { DBOS } from "@dbos-inc/dbos-sdk";
import { PostgresDataSource } from "@dbos-inc/postgres-datasource";
import { type Contestant, SERVICES } from "../harness/contestant.ts";
import { CONNECTIONS, createRows, rowsOf, type Sql, soldOf, writeRow } from "./rows.ts";

/**
 * After https://docs.dbos.dev/typescript/tutorials/transaction-tutorial: a workflow of four
 * transactions of a datasource. A step's row and the record that the step is done are one commit;
 * DBOS's own checkpoint of the step follows in another. There is no call that begins many.
 */
export const contestant: Contestant = {
  durability:
    "DBOS 5.3 with its datasource for Postgres.js: Postgres, fsync=on; a step's row and its " +
    "completion in one commit, the workflow's own in others",
  async open({ servers, finished, stock }) {
    const pool = await createRows(servers.postgres, stock);
    const { hostname, port, username, pathname } = new URL(servers.postgres);
    const source = new PostgresDataSource("rows", {
      host: hostname,
      port: Number(port),
      username,
      database: pathname.slice(1),
      max: CONNECTIONS,
      onnotice: () => {},
    });
    const sql: Sql = {
      async query(text, values) {
        const prepared = { prepare: true };
        return { rows: await source.client.unsafe(text, values as string[], prepared) };
      },
    };
    const saga = DBOS.registerWorkflow(
      async (orderId: string) => {
        for (const name of SERVICES)
          await source.runTransaction(() => writeRow(sql, name, orderId, stock), { name });
        finished(orderId);
      },
      { name: "saga" },
    );
    DBOS.setConfig({
      name: "bench",
      systemDatabaseUrl: servers.postgres,
      systemDatabasePoolSize: CONNECTIONS,
      logLevel: "error",
    });
    await DBOS.launch();
    return {
      begin: (orderId) => DBOS.startWorkflow(saga, { workflowID: orderId })(orderId),
      rows: () => rowsOf(pool),
      sales: () => soldOf(pool),
      async close() {
        await DBOS.shutdown();
        await pool.end();
      },
    };
  },
};
