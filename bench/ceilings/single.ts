import pg from "pg";
import type { Contestant, ServiceName } from "../harness/contestant.ts";
import type { Stock } from "../harness/stock.ts";
import { takePiece } from "../harness/stock-postgres.ts";
import { fly } from "./flight.ts";
import { type Message, messageOf, nextOf } from "./message.ts";
import { createTables, prepared, rowsOfAll, type Statement, salesOfAll } from "./tables.ts";

/** Connections; each event has a transaction of its own, on the first free one. */
const CONNECTIONS = 16;

/**
 * - `awaited`    as an outbox is written by hand: begin, inbox, row, outbox, commit, and after
 *                publishing the outbox row's deletion
 * - `pipelined`  the same statements, sent together with one Sync
 * - `statement`  all of it in one statement
 */
export type Way = "awaited" | "pipelined" | "statement";

interface Job {
  readonly service: ServiceName;
  readonly orderId: string;
  readonly heard: Message | undefined;
  readonly done: () => void;
}

/**
 * Runs one job on a connection; returns what it emitted. `published` is an outbox row to delete
 * along with it.
 */
type Step = (
  client: pg.Client,
  job: Job,
  emitted: Message,
  published: string | undefined,
  stock: Stock | undefined,
) => Promise<void>;

const NOTHING = "00000000-0000-0000-0000-000000000000";

const steps: Readonly<Record<Way, Step>> = {
  async awaited(client, job, emitted, _published, stock) {
    for (const statement of statementsOf(job, emitted)) {
      if (statement.name === "commit" && job.service === "inventory" && stock !== undefined)
        await takePiece(client, job.orderId, stock);
      await client.query(statement);
    }
    // Handing over to the next service happens here; then the row may go.
    await client.query(
      prepared(`d ${job.service}`, `DELETE FROM "${job.service}".outbox WHERE id = $1::uuid`, [
        emitted.id,
      ]),
    );
  },
  async pipelined(client, job, emitted, published) {
    const statements = statementsOf(job, emitted);
    if (published !== undefined) {
      const [service = "orders", id = ""] = published.split(" ");
      statements.splice(
        -1,
        0,
        prepared(`d ${service}`, `DELETE FROM "${service}".outbox WHERE id = $1::uuid`, [id]),
      );
    }
    await fly(client, statements);
  },
  async statement(client, { service, orderId, heard }, emitted, published) {
    const [before = service, id = NOTHING] = published?.split(" ") ?? [];
    const text = `WITH seen AS (INSERT INTO "${service}".inbox VALUES ($1)),
      row AS (INSERT INTO "${service}".work (order_id, service) VALUES ($2, $3)),
      gone AS (DELETE FROM "${before}".outbox WHERE id = $6::uuid)
      INSERT INTO "${service}".outbox VALUES ($4::uuid, $5)`;
    await client.query(
      prepared(`s ${service} ${before}`, text, [
        heard?.id ?? orderId,
        orderId,
        service,
        emitted.id,
        JSON.stringify(emitted),
        id,
      ]),
    );
  },
};

function statementsOf({ service, orderId, heard }: Job, emitted: Message): Statement[] {
  const inbox =
    heard === undefined
      ? []
      : [prepared(`i ${service}`, `INSERT INTO "${service}".inbox VALUES ($1)`, [heard.id])];
  return [
    prepared("begin", "BEGIN", []),
    ...inbox,
    prepared(`w ${service}`, `INSERT INTO "${service}".work (order_id, service) VALUES ($1, $2)`, [
      orderId,
      service,
    ]),
    prepared(`o ${service}`, `INSERT INTO "${service}".outbox VALUES ($1::uuid, $2)`, [
      emitted.id,
      JSON.stringify(emitted),
    ]),
    prepared("commit", "COMMIT", []),
  ];
}

export function singleCeiling(way: Way): Contestant {
  return {
    durability: "Postgres, fsync=on, synchronous_commit=on",
    async open({ servers, finished, stock }) {
      await createTables(servers.postgres, stock);
      const queue: Job[] = [];
      const idle: (() => void)[] = [];
      let closed = false;
      const clients = Array.from(
        { length: CONNECTIONS },
        () => new pg.Client({ connectionString: servers.postgres }),
      );
      await Promise.all(clients.map((client) => client.connect()));
      const add = (job: Job) => {
        queue.push(job);
        idle.pop()?.();
      };
      const work = async (client: pg.Client) => {
        let published: string | undefined;
        while (!closed) {
          const job = queue.shift();
          if (job === undefined) {
            await new Promise<void>((resolve) => idle.push(resolve));
            continue;
          }
          const emitted = messageOf(job.service, job.orderId, job.heard?.id);
          await steps[way](client, job, emitted, published, stock);
          published = `${job.service} ${emitted.id}`;
          job.done();
          const next = nextOf(job.service);
          if (next === undefined) finished(job.orderId);
          else add({ service: next, orderId: job.orderId, heard: emitted, done: () => {} });
        }
      };
      const working = Promise.all(clients.map(work));
      // A step that fails ends the run: it would not count anyway.
      working.catch((error: unknown) => {
        process.stderr.write(`${error}\n`);
        process.exit(1);
      });
      return {
        begin: (orderId) =>
          new Promise<void>((done) => add({ service: "orders", orderId, heard: undefined, done })),
        rows: () => rowsOfAll(servers.postgres),
        sales: () => salesOfAll(servers.postgres),
        async close() {
          closed = true;
          for (const wake of idle) wake();
          await working;
          await Promise.all(clients.map((client) => client.end()));
        },
      };
    },
  };
}
