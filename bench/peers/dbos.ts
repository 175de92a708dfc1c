import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Contestant } from "../harness/contestant.ts";
import { createRows, rowsOf, writeRow } from "./rows.ts";

/** A workflow of four steps, each checkpointed in DBOS's system database. */
export const contestant: Contestant = {
  durability: "DBOS 5.3: Postgres, fsync=on; a step's row and its checkpoint are two commits",
  async open({ servers, finished }) {
    const pool = await createRows(servers.postgres);
    const saga = DBOS.registerWorkflow(
      async (orderId: string) => {
        await DBOS.runStep(() => writeRow(pool, "orders", orderId), { name: "orders" });
        await DBOS.runStep(() => writeRow(pool, "payment", orderId), { name: "payment" });
        await DBOS.runStep(() => writeRow(pool, "inventory", orderId), { name: "inventory" });
        await DBOS.runStep(() => writeRow(pool, "shipping", orderId), { name: "shipping" });
        finished(orderId);
      },
      { name: "saga" },
    );
    DBOS.setConfig({
      name: "bench",
      systemDatabaseUrl: servers.postgres,
      systemDatabasePoolSize: 16,
      logLevel: "error",
    });
    await DBOS.launch();
    return {
      begin: (orderId) => DBOS.startWorkflow(saga, { workflowID: orderId })(orderId),
      rows: () => rowsOf(pool),
      async close() {
        await DBOS.shutdown();
        await pool.end();
      },
    };
  },
};
