import pg from "pg";
import type { Contestant, Finished, Servers, ServiceName } from "../harness/contestant.ts";
import { type Message, messageOf } from "./message.ts";
import { createTables, prepared, rowsOfAll } from "./tables.ts";

/** Most deliveries in a transaction. */
const BATCH = 100;
/** Connections that begin sagas, a transaction each. */
const BEGINNERS = 16;

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
  #published: readonly string[] = [];

  constructor(client: pg.Client, service: ServiceName) {
    this.#client = client;
    this.#service = service;
  }

  /**
   * One flight: everything is sent before anything is answered. Inbox, outbox and deletion are one
   * statement each; business rows one for each.
   */
  async commit(
    heard: readonly Message[] | undefined,
    orderIds: readonly string[],
  ): Promise<readonly Message[]> {
    const service = this.#service;
    const emitted = orderIds.map((orderId, n) => messageOf(service, orderId, heard?.[n]?.id));
    const published = this.#published;
    const statements = [
      prepared("begin", "BEGIN", []),
      ...(heard === undefined
        ? []
        : [
            prepared("i", `INSERT INTO "${service}".inbox SELECT unnest($1::text[])`, [
              heard.map(({ id }) => id),
            ]),
          ]),
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
    await Promise.all(statements.map((statement) => this.#client.query(statement)));
    this.#published = [];
    return emitted;
  }

  published(messages: readonly Message[]): void {
    this.#published = [...this.#published, ...messages.map(({ id }) => id)];
  }
}

/** Takes all that is queued, one batch in flight. */
class Consumer {
  readonly #handle: (messages: readonly Message[]) => Promise<void>;
  #queue: { readonly messages: readonly Message[]; readonly done: () => void }[] = [];
  #running = false;

  constructor(handle: (messages: readonly Message[]) => Promise<void>) {
    this.#handle = handle;
  }

  take(messages: readonly Message[]): Promise<void> {
    return new Promise((done) => {
      this.#queue.push({ messages, done });
      if (!this.#running) this.#run().catch(end);
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    await Promise.resolve();
    while (this.#queue.length > 0) {
      let count = 0;
      let size = 0;
      for (const { messages } of this.#queue) {
        if (size > 0 && size + messages.length > BATCH) break;
        size += messages.length;
        count++;
      }
      const batch = this.#queue.splice(0, count);
      await this.#handle(batch.flatMap(({ messages }) => messages));
      for (const { done } of batch) done();
    }
    this.#running = false;
  }
}

export function batchCeiling(
  durability: string,
  wireOf: (servers: Servers) => Promise<Wire>,
): Contestant {
  return {
    durability: `Postgres, fsync=on, synchronous_commit=on; ${durability}`,
    async open({ servers, finished }) {
      await createTables(servers.postgres);
      const clients: pg.Client[] = [];
      const connect = async (service: ServiceName) => {
        const client = new pg.Client({ connectionString: servers.postgres, pipeline: true });
        await client.connect();
        clients.push(client);
        return new Writer(client, service);
      };
      const wire = await wireOf(servers);
      for (const service of ["payment", "inventory", "shipping"] as const) {
        const consumer = consumerOf(await connect(service), wire, service, finished);
        await wire.listen(service, (messages) => consumer.take(messages));
      }
      const beginners = await Promise.all(
        Array.from({ length: BEGINNERS }, () => connect("orders")),
      );
      const waiting: ((writer: Writer) => void)[] = [];
      const beginAll = async (orderIds: readonly string[]) => {
        const writer =
          beginners.pop() ?? (await new Promise<Writer>((resolve) => waiting.push(resolve)));
        const emitted = await writer.commit(undefined, orderIds);
        wire.send("orders", emitted).then(() => writer.published(emitted), end);
        const next = waiting.shift();
        if (next === undefined) beginners.push(writer);
        else next(writer);
      };
      return {
        begin: (orderId) => beginAll([orderId]),
        beginAll,
        rows: () => rowsOfAll(servers.postgres),
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
): Consumer {
  return new Consumer(async (messages) => {
    const emitted = await writer.commit(
      messages,
      messages.map(({ data }) => data.orderId),
    );
    wire.send(service, emitted).then(() => writer.published(emitted), end);
    if (service === "shipping") for (const { data } of messages) finished(data.orderId);
  });
}

/** A run in which something fails would not count anyway. */
function end(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
}
