import pg from "pg";
import type { Contestant, Finished, Servers, ServiceName } from "../harness/contestant.ts";
import type { Stock } from "../harness/stock.ts";
import { takePiece } from "../harness/stock-postgres.ts";
import { Batcher, end } from "./batcher.ts";
import { fly } from "./flight.ts";
import { type Message, messageOf } from "./message.ts";
import { createTables, prepared, rowsOfAll, salesOfAll } from "./tables.ts";

/** Most deliveries in a transaction. */
const BATCH = 100;
/** Connections that begin sagas: two commits are under way when sagas are begun in bulk. */
const BEGINNERS = 2;

/** Carries committed events to the next service. */
export interface Wire {
  /** Resolves once the arrival of every event is certain. */
  send(from: ServiceName, messages: readonly Message[]): Promise<void>;
  /** `taken` is told what has been committed. */
  listen(
    service: ServiceName,
    take: (messages: readonly Message[]) => Promise<void>,
  ): Promise<void>;
  close(): Promise<void>;
}

/** A connection, and what it has published and may delete with its next commit. */
class Writer {
  readonly #client: pg.Client;
  readonly #service: ServiceName;
  readonly #stock: Stock | undefined;
  #published: readonly string[] = [];

  constructor(client: pg.Client, service: ServiceName, stock: Stock | undefined) {
    this.#client = client;
    this.#service = service;
    this.#stock = service === "inventory" ? stock : undefined;
  }

  /**
   * One flight: everything is sent before anything is answered, and answered once. Inbox, outbox
   * and deletion are one statement each; business rows one for each. With a stock to read, the
   * flight waits in its middle.
   */
  async commit(
    heard: readonly Message[] | undefined,
    orderIds: readonly string[],
  ): Promise<readonly Message[]> {
    const service = this.#service;
    const emitted = orderIds.map((orderId, n) => messageOf(service, orderId, heard?.[n]?.id));
    const published = this.#published;
    const first = [
      prepared("begin", "BEGIN", []),
      ...(heard === undefined
        ? []
        : [
            prepared("i", `INSERT INTO "${service}".inbox SELECT unnest($1::text[])`, [
              heard.map(({ id }) => id),
            ]),
          ]),
    ];
    const rest = [
      ...orderIds.map((orderId) =>
        prepared("w", `INSERT INTO "${service}".work (order_id, service) VALUES ($1, $2)`, [
          orderId,
          service,
        ]),
      ),
      prepared(
        "o",
        `INSERT INTO "${service}".outbox SELECT unnest($1::uuid[]), unnest($2::text[])`,
        [emitted.map(({ id }) => id), emitted.map((message) => JSON.stringify(message))],
      ),
      ...(published.length === 0
        ? []
        : [
            prepared("d", `DELETE FROM "${service}".outbox WHERE id = ANY($1::uuid[])`, [
              published,
            ]),
          ]),
      prepared("commit", "COMMIT", []),
    ];
    if (this.#stock === undefined) await fly(this.#client, [...first, ...rest]);
    else {
      await fly(this.#client, first);
      for (const orderId of orderIds) await takePiece(this.#client, orderId, this.#stock);
      await fly(this.#client, rest);
    }
    this.#published = [];
    return emitted;
  }

  published(messages: readonly Message[]): void {
    this.#published = [...this.#published, ...messages.map(({ id }) => id)];
  }
}

export function batchCeiling(
  durability: string,
  wireOf: (servers: Servers) => Promise<Wire>,
): Contestant {
  return {
    durability: `Postgres, fsync=on, synchronous_commit=on; ${durability}`,
    async open({ servers, finished, stock }) {
      await createTables(servers.postgres, stock);
      const clients: pg.Client[] = [];
      const connect = async (service: ServiceName) => {
        const client = new pg.Client({ connectionString: servers.postgres });
        await client.connect();
        clients.push(client);
        return new Writer(client, service, stock);
      };
      const wire = await wireOf(servers);
      for (const service of ["payment", "inventory", "shipping"] as const) {
        const consumer = consumerOf(await connect(service), wire, service, finished);
        await wire.listen(service, (messages) => consumer.take(messages));
      }
      const writers = await Promise.all(Array.from({ length: BEGINNERS }, () => connect("orders")));
      // Callers that come while a commit is under way share the next one.
      const beginnings = new Batcher<string>(
        BATCH,
        writers.map((writer) => async (orderIds) => {
          const emitted = await writer.commit(undefined, orderIds);
          wire.send("orders", emitted).then(() => writer.published(emitted), end);
        }),
      );
      return {
        begin: (orderId) => beginnings.take([orderId]),
        beginAll: (orderIds) => beginnings.take(orderIds),
        rows: () => rowsOfAll(servers.postgres),
        sales: () => salesOfAll(servers.postgres),
        async close() {
          await wire.close();
          await Promise.all(clients.map((client) => client.end()));
        },
      };
    },
  };
}

function consumerOf(
  writer: Writer,
  wire: Wire,
  service: ServiceName,
  finished: Finished,
): Batcher<Message> {
  return new Batcher<Message>(BATCH, [
    async (messages) => {
      const emitted = await writer.commit(
        messages,
        messages.map(({ data }) => data.orderId),
      );
      wire.send(service, emitted).then(() => writer.published(emitted), end);
      if (service === "shipping") for (const { data } of messages) finished(data.orderId);
    },
  ]);
}
