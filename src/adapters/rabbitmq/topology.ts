import type { Connection } from "rabbitmq-client";
import { codeOf } from "../../contract/errors.ts";
import { busTopology } from "../../ports/errors.ts";
import { queueOf, type RabbitSettings } from "./options.ts";

/**
 * So often a message may come back before the broker moves it to the dead letters. The runtime decides when to give up, and rejects only what its
 * database cannot take: RabbitMQ 4 would drop such a message after 20 times unless told otherwise.
 */
const DELIVERY_LIMIT = 1_000_000;

export interface Topology {
  readonly exchanges: { exchange: string; type: string; durable: boolean }[];
  readonly queueOptions: { queue: string; durable: boolean; arguments: { "x-queue-type": "quorum"; [name: string]: string | number } };
  readonly queueBindings: { exchange: string; queue: string; routingKey: string }[];
}

export function deadOf({ exchange }: Pick<RabbitSettings, "exchange">): string {
  return `${exchange}.dead`;
}

export function exchangeFor({ exchange }: Pick<RabbitSettings, "exchange">) {
  return { exchange, type: "topic", durable: true };
}

/** What a group needs to hear a type: declared at start, and anew after each reconnect. */
export function topologyFor(settings: RabbitSettings, group: string, type: string): Topology {
  const queue = queueOf(settings, group, type);
  const { exchange } = settings;
  return {
    exchanges: [exchangeFor(settings)],
    queueOptions: {
      queue,
      durable: true,
      arguments: {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": deadOf(settings),
      },
    },
    queueBindings: [{ exchange, queue, routingKey: type }],
  };
}

/** Declares the exchange and the queue of dead letters; what contradicts on the broker is refused with `BUS_TOPOLOGY`. */
export async function ensureExchange(connection: Connection, settings: RabbitSettings): Promise<void> {
  await verified(connection.exchangeDeclare(exchangeFor(settings)), `exchange ${settings.exchange}`);
}

export async function ensureQueue(connection: Connection, settings: RabbitSettings, group: string, type: string): Promise<void> {
  const { queueOptions, queueBindings } = topologyFor(settings, group, type);
  const dead = { queue: deadOf(settings), durable: true, arguments: { "x-queue-type": "quorum" as const } };
  await verified(connection.queueDeclare(dead), `queue ${dead.queue}`);
  await verified(connection.queueDeclare(queueOptions), `queue ${queueOptions.queue}`);
  for (const binding of queueBindings) await connection.queueBind(binding);
}

async function verified(declared: Promise<unknown>, what: string): Promise<void> {
  try {
    await declared;
  } catch (error) {
    if (codeOf(error) !== "PRECONDITION_FAILED") throw error;
    throw busTopology(
      `The ${what} is there with other properties.`,
      "Delete it once it is empty, and it is made anew; or name another exchange.",
      error,
    );
  }
}
