import { fileURLToPath } from "node:url";
import { DefaultLogger, NativeConnection, Runtime, Worker } from "@temporalio/worker";
import pg from "pg";
import type { Steps } from "./temporal-steps.ts";

/*
 * A worker of the order saga, ended by its parent: `temporal-faults-worker.ts ADDRESS POSTGRES`.
 * Its ledger has no unique key, so a step that ran twice shows.
 */

const [address = "", postgres] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger("ERROR") });
const pool = new pg.Pool({ connectionString: postgres, max: 4 });

const step = (name: string) => async (orderId: string) => {
  await pool.query("INSERT INTO ledger (order_id, step) VALUES ($1, $2)", [orderId, name]);
};

const charge = step("charge");
const steps: Steps = {
  placeOrder: step("place"),
  cancelOrder: step("cancel"),
  async authorizePayment(orderId) {
    // As a process that is frozen before its commit, until the workflow has given up on it.
    if (orderId.startsWith("late"))
      while (!(await refunded(orderId))) await new Promise((resolve) => setTimeout(resolve, 50));
    await charge(orderId);
  },
  refundPayment: step("refund"),
  reserveInventory: step("reserve"),
  releaseInventory: step("release"),
  requestShipment: step("ship"),
};

async function refunded(orderId: string): Promise<boolean> {
  const text = "SELECT FROM ledger WHERE order_id = $1 AND step = 'refund'";
  return (await pool.query(text, [orderId])).rowCount !== 0;
}

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: "orders",
  workflowsPath: fileURLToPath(new URL("temporal-workflow.ts", import.meta.url)),
  activities: { ...steps },
});
process.send?.("up");
await worker.run();
