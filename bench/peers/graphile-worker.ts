import { Logger, run, type Task } from "graphile-worker";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import {
  CONNECTIONS,
  createRows,
  inTransaction,
  nextOf,
  rowsOf,
  type Sql,
  soldOf,
  writeRow,
  writeRows,
} from "./rows.ts";

interface Payload {
  readonly orderId: string;
}

/**
 * After https://worker.graphile.org/docs/performance (local queue, batches of completions) and
 * https://worker.graphile.org/docs/sql-add-job (`add_jobs`: sagas begun together are one call).
 *
 * Four chained tasks; each writes its row and adds the next job in one transaction, with a local
 * queue.
 */
export const contestant: Contestant = {
  durability:
    "graphile-worker 0.18: Postgres, fsync=on; a row and the next job in one commit, " +
    "the job's own completion in another",
  async open({ servers, finished, stock }) {
    const pool = await createRows(servers.postgres, stock);
    const step = async (sql: Sql, name: ServiceName, orderId: string) => {
      await writeRow(sql, name, orderId, stock);
      const next = nextOf(name);
      if (next !== undefined)
        await sql.query(
          "SELECT graphile_worker.add_job($1, json_build_object('orderId', $2::text))",
          [next, orderId],
        );
    };
    const task =
      (name: ServiceName): Task =>
      async (payload) => {
        const { orderId } = payload as Payload;
        await inTransaction(pool, (client) => step(client, name, orderId));
        if (name === "shipping") finished(orderId);
      };
    const runner = await run({
      taskList: Object.fromEntries(SERVICES.slice(1).map((name) => [name, task(name)])),
      preset: {
        worker: {
          connectionString: servers.postgres,
          concurrentJobs: CONNECTIONS,
          maxPoolSize: CONNECTIONS + 2,
          pollInterval: 1_000,
          localQueue: { size: 500 },
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
          logger: new Logger(() => () => {}),
        },
      },
      noHandleSignals: true,
    });
    return {
      begin: (orderId) => inTransaction(pool, (client) => step(client, "orders", orderId)),
      beginAll: (orderIds) =>
        inTransaction(pool, async (client) => {
          await writeRows(client, "orders", orderIds);
          const jobs = orderIds.map((orderId) => ({ identifier: "payment", payload: { orderId } }));
          await client.query(
            `SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
              SELECT json_populate_recordset(NULL::graphile_worker.job_spec, $1::json)))`,
            [JSON.stringify(jobs)],
          );
        }),
      rows: () => rowsOf(pool),
      sales: () => soldOf(pool),
      async close() {
        await runner.stop();
        await pool.end();
      },
    };
  },
};
