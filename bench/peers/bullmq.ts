import { Queue, Worker } from "bullmq";
import { type Contestant, SERVICES, type ServiceName } from "../harness/contestant.ts";
import { createRows, nextOf, rowsOf, writeRow } from "./rows.ts";

interface Payload {
  readonly orderId: string;
}

/**
 * A queue for each step. The row is in Postgres and the job in Redis: a process that dies
 * between the two leaves one without the other.
 */
export const contestant: Contestant = {
  durability:
    "BullMQ 6: Redis, appendfsync=everysec (up to a second is lost); " +
    "rows in Postgres, fsync=on; two writes, not atomic",
  async open({ servers, finished }) {
    const pool = await createRows(servers.postgres);
    const { hostname, port } = new URL(servers.redis);
    const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
    const prefix = `bench${process.pid}`;
    const queues = new Map<ServiceName, Queue<Payload>>(
      SERVICES.slice(1).map((name) => [name, new Queue<Payload>(name, { connection, prefix })]),
    );
    const step = async (name: ServiceName, orderId: string) => {
      await writeRow(pool, name, orderId);
      const next = nextOf(name);
      if (next === undefined) finished(orderId);
      else
        await queues
          .get(next)
          ?.add("step", { orderId }, { jobId: orderId, removeOnComplete: true });
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
      rows: () => rowsOf(pool),
      async close() {
        await Promise.all(workers.map((worker) => worker.close()));
        await Promise.all([...queues.values()].map((queue) => queue.close()));
        await pool.end();
      },
    };
  },
};
