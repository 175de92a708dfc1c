import { Option } from "commander";
import type { Bus } from "odori";
import { memoryBus } from "odori/memory";
import choreography from "./choreography.ts";
import { orderCancelled } from "./contracts.ts";
import { type Databases, files } from "./database.ts";

export const STORES = ["sqlite", "postgres"] as const;
export const BUSES = ["memory", "postgres", "nats", "rabbitmq", "kafka", "http"] as const;

/** What the services run on. */
export interface Wiring {
  readonly store: (typeof STORES)[number];
  readonly bus: (typeof BUSES)[number];
  /** Folder of the SQLite files. */
  readonly data: string;
}

/** Addresses of the servers: those of `compose.yaml`, unless the environment names others. */
export const ADDRESSES = {
  postgres: process.env.ORDER_POSTGRES ?? "postgres://postgres:odori@localhost:5432/postgres",
  nats: process.env.ORDER_NATS ?? "nats://localhost:4222",
  rabbitmq: process.env.ORDER_RABBITMQ ?? "amqp://guest:guest@localhost:5672",
  kafka: process.env.ORDER_KAFKA ?? "localhost:9092",
};

export function storeOption(): Option {
  return new Option("--store <name>", "what keeps the data").choices([...STORES]).default("sqlite");
}

export function busOption(): Option {
  return new Option("--bus <name>", "what moves the events").choices([...BUSES]).default("memory");
}

/* Clients of servers are loaded where they are used: the embedded default needs none. */

export async function databasesOf({ store, data }: Wiring): Promise<Databases> {
  if (store === "sqlite") return files(data);
  const { schemas } = await import("./schemas.ts");
  return schemas(ADDRESSES.postgres);
}

/** The bus of a service: over HTTP each has an address of its own. HTTP and Kafka have no mode. */
export async function busOf(
  { bus }: Pick<Wiring, "bus">,
  service: string,
  mode: "binary" | "batch" = "binary",
): Promise<Bus> {
  switch (bus) {
    case "memory":
      return memoryBus(choreography.services);
    case "postgres":
      return (await import("odori/postgres")).postgresBus({
        connectionString: ADDRESSES.postgres,
        mode,
      });
    case "nats":
      return (await import("odori/nats")).nats({ servers: ADDRESSES.nats, mode });
    case "rabbitmq":
      // `order.cancelled` ends its saga: no service here hears it.
      return (await import("odori/rabbitmq")).rabbitmq({
        url: ADDRESSES.rabbitmq,
        unheard: [orderCancelled.type],
        mode,
      });
    case "kafka":
      return (await import("odori/kafka")).kafka({ brokers: ADDRESSES.kafka });
    case "http": {
      const { httpOptionsOf } = await import("./subscribers.ts");
      return (await import("odori/http")).http(httpOptionsOf(service));
    }
  }
}
