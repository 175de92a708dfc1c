import { fileURLToPath } from "node:url";
import { Client } from "@temporalio/client";
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
} from "@temporalio/worker";
import type { Contestant, ServiceName } from "../harness/contestant.ts";
import { createRows, rowsOf, soldOf, writeAlone } from "./rows.ts";
import { startTemporal } from "./temporal-server.ts";
import type { Steps } from "./temporal-steps.ts";

const TASK_QUEUE = "orders";
/** Activities and workflow tasks that run at once, and polls for them. */
const SLOTS = 200;
const POLLS = 10;

/**
 * After https://docs.temporal.io/develop/worker-performance (slots, polls, cache) and
 * https://docs.temporal.io/workers#eager-workflow-start. Worker and client share a process and a
 * connection, as eager start asks for. No call begins many.
 */
function temporal(workflow: "order" | "orderLocally", what: string): Contestant {
  return {
    durability:
      `Temporal server 1.29.1, ${what}: Postgres, fsync=on, history and visibility in it too; ` +
      "a step's row and its history are two commits (at least once)",
    // With a backlog of more than ten seconds, tasks time out and whole histories are replayed.
    inFlight: 50,
    async open({ servers, folder, finished, stock }) {
      const pool = await createRows(servers.postgres, stock);
      const server = await startTemporal(servers.temporal, servers.postgres, folder);
      const write = (name: ServiceName) => (orderId: string) =>
        writeAlone(pool, name, orderId, stock);
      const remove = (name: ServiceName) => async (orderId: string) =>
        void (await pool.query(`DELETE FROM "${name}".work WHERE order_id = $1`, [orderId]));
      const ship = write("shipping");
      const activities: Steps = {
        placeOrder: write("orders"),
        cancelOrder: remove("orders"),
        authorizePayment: write("payment"),
        refundPayment: remove("payment"),
        reserveInventory: write("inventory"),
        releaseInventory: remove("inventory"),
        async requestShipment(orderId) {
          await ship(orderId);
          finished(orderId);
        },
      };
      Runtime.install({ logger: new DefaultLogger("ERROR") });
      const connection = await NativeConnection.connect({ address: server.address });
      const worker = await Worker.create({
        connection,
        taskQueue: TASK_QUEUE,
        workflowBundle: await bundleWorkflowCode({
          workflowsPath: fileURLToPath(new URL("temporal-workflow.ts", import.meta.url)),
          logger: new DefaultLogger("ERROR"),
        }),
        activities: { ...activities },
        maxConcurrentWorkflowTaskExecutions: SLOTS,
        maxConcurrentActivityTaskExecutions: SLOTS,
        maxConcurrentLocalActivityExecutions: SLOTS,
        maxConcurrentWorkflowTaskPolls: POLLS,
        maxConcurrentActivityTaskPolls: POLLS,
        maxCachedWorkflows: 4_000,
        stickyQueueScheduleToStartTimeout: "60s",
        shutdownForceTime: "5s",
      });
      const running = worker.run();
      // A worker that fails ends the round: it would not count anyway.
      let closing = false;
      running.catch((error: unknown) => {
        if (closing) return;
        process.stderr.write(`${error}\n`);
        process.exit(1);
      });
      const client = new Client({ connection });
      return {
        begin: (orderId) =>
          client.workflow.start(workflow, {
            taskQueue: TASK_QUEUE,
            workflowId: orderId,
            args: [orderId],
            requestEagerStart: true,
          }),
        rows: () => rowsOf(pool),
        sales: () => soldOf(pool),
        async close() {
          // The process ends right after this: long polls that are still out are not waited for.
          closing = true;
          await server.stop();
          await pool.end();
        },
      };
    },
  };
}

export const activities = temporal("order", "4 activities");
export const localActivities = temporal("orderLocally", "4 local activities");
