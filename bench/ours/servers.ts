import type { Bus } from "odori";
import { kafka } from "odori/kafka";
import { memoryBus } from "odori/memory";
import { nats } from "odori/nats";
import { postgres, postgresBus, type Sql } from "odori/postgres";
import { rabbitmq } from "odori/rabbitmq";
import pg from "pg";
import {
  type Contestant,
  SERVICES,
  type Servers,
  type ServiceName,
} from "../harness/contestant.ts";
import { createStock, type StepSql, salesOf, takePiece } from "../harness/stock-postgres.ts";
import { run } from "./run.ts";

/**
 * Postgres with a schema for each service, and a bus. Every service has its own connections to
 * both, as in a process of its own.
 */
function overPostgres(
  durability: string,
  busOf: (servers: Servers) => (name: ServiceName) => Bus,
): Contestant {
  return {
    durability: `Postgres, fsync=on, synchronous_commit=on; ${durability}`,
    async open(opening) {
      const { servers, stock } = opening;
      const read = async <T>(work: (sql: StepSql) => Promise<T>): Promise<T> => {
        const client = new pg.Client({ connectionString: servers.postgres });
        await client.connect();
        return work(client).finally(() => client.end());
      };
      const make = busOf(servers);
      const buses = new Map<ServiceName, Bus>(SERVICES.map((name) => [name, make(name)]));
      const bus = (name: ServiceName) => buses.get(name) ?? make(name);
      return run<Sql>(opening, {
        store: (name) => postgres({ connectionString: servers.postgres, schema: name }),
        bus,
        async setup(tx, name) {
          await tx.query(
            `CREATE TABLE IF NOT EXISTS "${name}".work (
               id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
               order_id text NOT NULL, service text NOT NULL)`,
          );
          if (name === "inventory" && stock !== undefined) await createStock(tx, stock);
        },
        write(tx, name, orderId) {
          const text = `INSERT INTO "${name}".work (order_id, service) VALUES ($1, $2)`;
          tx.send(text, [orderId, name]);
          if (name !== "inventory" || stock === undefined) return;
          return takePiece(tx, orderId, stock, (text, values) => tx.send(text, values));
        },
        rows: (name) =>
          read(async (sql) => {
            const { rows } = await sql.query(`SELECT order_id FROM "${name}".work`, []);
            return rows.map(({ order_id }) => String(order_id));
          }),
        sales: () => read(salesOf),
        async close() {
          await Promise.all([...buses.values()].map((one) => one.close()));
        },
      });
    },
  };
}

export const odoriPostgres = overPostgres("in-process bus, recovered from the outbox", () => {
  const bus = memoryBus([...SERVICES]);
  return () => bus;
});
export const odoriPostgresBus = overPostgres(
  "Postgres as the bus",
  (servers) => () => postgresBus({ connectionString: servers.postgres }),
);
export const odoriNats = overPostgres(
  "JetStream, file storage",
  (servers) => () => nats({ servers: servers.nats }),
);
export const odoriNatsBatches = overPostgres(
  "JetStream, file storage; events travel in batches",
  (servers) => () => nats({ servers: servers.nats, mode: "batch" }),
);
const unheard = ["shipping.requested.v1"];
export const odoriRabbitmq = overPostgres(
  "RabbitMQ, quorum queues, confirms",
  (servers) => () => rabbitmq({ url: servers.rabbitmq, unheard }),
);
export const odoriRabbitmqBatches = overPostgres(
  "RabbitMQ, quorum queues, confirms; events travel in batches",
  (servers) => () => rabbitmq({ url: servers.rabbitmq, unheard, mode: "batch" }),
);
export const odoriKafka = overPostgres(
  "Kafka, acks=all",
  (servers) => () => kafka({ brokers: [servers.kafka] }),
);
