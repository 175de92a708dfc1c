import type pg from "pg";
import { type Db, PgBoss } from "pg-boss";
import type { Contestant, ServiceName } from "../harness/contestant.ts";
import {
  CONNECTIONS,
  createRows,
  inTransaction,
  nextOf,
  rowsOf,
  soldOf,
  writeRow,
} from "./rows.ts";

interface Payload {
  readonly orderId: string;
}

/**
 * Fetches the jobs of a queue. It fetches again at once while there are some, and is woken in
 * process: the library's own polling begins at 500 ms.
 */
class Fetchers {
  #idle: (() => void)[] = [];
  #closed = false;

  start(count: number, turn: () => Promise<number>): readonly Promise<void>[] {
    return Array.from({ length: count }, async () => {
      while (!this.#closed) {
        if ((await turn()) === 0 && !this.#closed)
          await new Promise<void>((resolve) => this.#idle.push(resolve));
      }
    });
  }

  wake(): void {
    this.#idle.shift()?.();
  }

  close(): void {
    this.#closed = true;
    for (const wake of this.#idle.splice(0)) wake();
  }
}

/**
 * After https://timgit.github.io/pg-boss/#/./api/jobs: `fetch`, `insert` and `complete` with a
 * `db` of the caller's transaction.
 *
 * Row, next job and completion in one transaction: of one job, or of a batch that is put together
 * by hand.
 */
function pgBoss(batchSize: number): Contestant {
  return {
    durability:
      "pg-boss 12: Postgres, fsync=on; row, next job and completion in one commit, " +
      `${batchSize === 1 ? "a job" : "a batch"} each, after a fetch`,
    async open({ servers, finished, stock }) {
      const pool = await createRows(servers.postgres, stock);
      const boss = new PgBoss({
        connectionString: servers.postgres,
        max: CONNECTIONS,
        supervise: false,
        schedule: false,
      });
      boss.on("error", (error) => process.stderr.write(`${error}\n`));
      await boss.start();
      const queues = ["payment", "inventory", "shipping"] as const;
      for (const name of queues) await boss.createQueue(name);
      const fetchers = new Map<ServiceName, Fetchers>(queues.map((name) => [name, new Fetchers()]));
      const within = (client: pg.PoolClient): Db => ({
        executeSql: (text, values) => client.query(text, values),
      });
      const send = (client: pg.PoolClient, name: ServiceName, orderIds: readonly string[]) => {
        const [first = ""] = orderIds;
        const db = within(client);
        if (orderIds.length === 1) return boss.send(name, { orderId: first }, { db });
        const jobs = orderIds.map((orderId) => ({ data: { orderId } }));
        return boss.insert(name, jobs, { db });
      };
      const step = async (
        client: pg.PoolClient,
        name: ServiceName,
        orderIds: readonly string[],
      ) => {
        for (const orderId of orderIds) await writeRow(client, name, orderId, stock);
        const next = nextOf(name);
        if (next !== undefined) await send(client, next, orderIds);
      };
      const turn = (name: ServiceName) => async () => {
        const jobs = await boss.fetch<Payload>(name, { batchSize });
        if (jobs.length === 0) return 0;
        const orderIds = jobs.map(({ data }) => data.orderId);
        await inTransaction(pool, async (client) => {
          await step(client, name, orderIds);
          await boss.complete(
            name,
            jobs.map(({ id }) => id),
            undefined,
            { db: within(client) },
          );
        });
        const next = nextOf(name);
        if (next === undefined) for (const orderId of orderIds) finished(orderId);
        else fetchers.get(next)?.wake();
        return jobs.length;
      };
      const working = queues.flatMap(
        (name) => fetchers.get(name)?.start(batchSize === 1 ? 5 : 1, turn(name)) ?? [],
      );
      const beginAll = async (orderIds: readonly string[]) => {
        await inTransaction(pool, (client) => step(client, "orders", orderIds));
        fetchers.get("payment")?.wake();
      };
      return {
        begin: (orderId) => beginAll([orderId]),
        ...(batchSize === 1 ? {} : { beginAll }),
        rows: () => rowsOf(pool),
        sales: () => soldOf(pool),
        async close() {
          for (const one of fetchers.values()) one.close();
          await Promise.all(working);
          await boss.stop({ graceful: false });
          await pool.end();
        },
      };
    },
  };
}

export const single = pgBoss(1);
export const batches = pgBoss(100);
