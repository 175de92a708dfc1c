import { Queue, Worker } from "bullmq";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { createRows, nextOf, rowsOf, soldOf, writeAlone, writeRows } from "./rows.ts";

interface Payload {
  readonly orderId: string;
}

/**
 * After https://docs.bullmq.io/guide/queues/adding-bulks: sagas begun together are one call of
 * `addBulk`; and https://docs.bullmq.io/guide/workers/concurrency for many jobs at once.
 *
 * A queue for each step. The row is in Postgres and the job in Redis: a process that dies
 * between the two leaves one without the other.
 */
export const contestant: Contestant = {
  durability:
    "BullMQ 6: Redis, appendfsync=everysec (up to a second is lost); " +
    "rows in Postgres, fsync=on; two writes, not atomic",
  async open({ servers, finished, stock }) {
    const pool = await createRows(servers.postgres, stock);
    const { hostname, port } = new URL(servers.redis);
    const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
    const prefix = `bench${process.pid}`;
    const queues = new Map<ServiceName, Queue<Payload>>(
      SERVICES.slice(1).map((name) => [name, new Queue<Payload>(name, { connection, prefix })]),
    );
    const options = (orderId: string) => ({ jobId: orderId, removeOnComplete: true });
    const step = async (name: ServiceName, orderId: string) => {
      await writeAlone(pool, name, orderId, stock);
      const next = nextOf(name);
      if (next === undefined) finished(orderId);
      else await queues.get(next)?.add("step", { orderId }, options(orderId));
    };
    const workers = SERVICES.slice(1).map(
      (name) =>
        new Worker<Payload>(name, ({ data }) => step(name, data.orderId), {
          connection,
          prefix,
          concurrency: 50,
        }),
    );
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    return {
      begin: (orderId) => step("orders", orderId),
      async beginAll(orderIds) {
        await writeRows(pool, "orders", orderIds);
        const jobs = orderIds.map((orderId) => ({
          name: "step",
          data: { orderId },
          opts: options(orderId),
        }));
        await queues.get("payment")?.addBulk(jobs);
      },
      rows: () => rowsOf(pool),
      sales: () => soldOf(pool),
      async close() {
        await Promise.all(workers.map((worker) => worker.close()));
        await Promise.all([...queues.values()].map((queue) => queue.close()));
        await pool.end();
      },
    };
  },
};
