import type { Connection } from "rabbitmq-client";
import { codeOf } from "../../contract/errors.ts";
import { busTopology } from "../../ports/errors.ts";
import { queueOf, type RabbitSettings } from "./options.ts";

/**
 * Redeliveries before the broker moves a message to the dead letters. RabbitMQ 4 allows 20 by
 * default. The runtime limits attempts itself, and rejects only while its database is unavailable.
 */
const DELIVERY_LIMIT = 1_000_000;

/** The queue of a group and type, and its binding. */
export interface Topology {
  readonly queueOptions: {
    queue: string;
    durable: boolean;
    arguments: { "x-queue-type": "quorum"; [name: string]: string | number };
  };
  readonly queueBindings: { exchange: string; queue: string; routingKey: string }[];
}

/** The exchange of dead letters, and its queue. */
export function deadOf({ exchange }: Pick<RabbitSettings, "exchange">): string {
  return `${exchange}.dead`;
}

/** What a group needs to hear a type. The client declares it again after each reconnect. */
export function topologyFor(settings: RabbitSettings, group: string, type: string): Topology {
  const queue = queueOf(settings, group, type);
  return {
    queueOptions: {
      queue,
      durable: true,
      arguments: {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": deadOf(settings),
      },
    },
    queueBindings: [{ exchange: settings.exchange, queue, routingKey: type }],
  };
}

/**
 * Declares the exchange, and the exchange of dead letters with its queue. Throws `BUS_TOPOLOGY` if
 * one exists with other properties.
 */
export async function ensureExchange(
  connection: Connection,
  settings: RabbitSettings,
): Promise<void> {
  const dead = deadOf(settings);
  const quorum = { "x-queue-type": "quorum" as const };
  const exchange = (one: string, type: string) => (passive: boolean) =>
    connection.exchangeDeclare({ exchange: one, type, durable: true, passive });
  await declared(exchange(settings.exchange, "topic"), `exchange ${settings.exchange}`);
  if (!(await declared(exchange(dead, "fanout"), `exchange ${dead}`))) return;
  await declared(
    (passive) =>
      connection.queueDeclare({ queue: dead, durable: true, arguments: quorum, passive }),
    `queue ${dead}`,
  );
  await connection.queueBind({ exchange: dead, queue: dead });
}

/** Declares the exchanges again if the one of the events is gone. Needs no permission otherwise. */
export async function restoreExchange(
  connection: Connection,
  settings: RabbitSettings,
): Promise<void> {
  try {
    await connection.exchangeDeclare({ exchange: settings.exchange, passive: true });
  } catch (error) {
    if (codeOf(error) !== "NOT_FOUND") throw error;
    await ensureExchange(connection, settings);
  }
}

/** Declares the queue of a group and type, and binds it. Throws `BUS_TOPOLOGY`. */
export async function ensureQueue(
  connection: Connection,
  settings: RabbitSettings,
  group: string,
  type: string,
): Promise<void> {
  const { queueOptions, queueBindings } = topologyFor(settings, group, type);
  await declared(() => connection.queueDeclare(queueOptions), `queue ${queueOptions.queue}`);
  for (const binding of queueBindings) await connection.queueBind(binding);
}

/**
 * Binds the queue of a group and type again: a deleted exchange takes its bindings along. Rejects
 * if the queue is gone, or has no consumer. It does not declare the queue: the broker tells a
 * consumer of a deleted queue only if the queue does not exist again at once.
 */
export async function checkQueue(
  connection: Connection,
  settings: RabbitSettings,
  group: string,
  type: string,
): Promise<void> {
  const { queueOptions, queueBindings } = topologyFor(settings, group, type);
  const { queue } = queueOptions;
  const { consumerCount } = await connection.queueDeclare({ queue, passive: true });
  if (consumerCount === 0) throw new Error(`the queue ${queue} has no consumer`);
  for (const binding of queueBindings) await connection.queueBind(binding);
}

/**
 * Resolves to whether this service may declare it. Without the permission, it must exist.
 */
async function declared(
  declare: (passive: boolean) => Promise<unknown>,
  what: string,
): Promise<boolean> {
  try {
    await declare(false);
    return true;
  } catch (error) {
    if (codeOf(error) === "ACCESS_REFUSED") {
      await declare(true);
      return false;
    }
    if (codeOf(error) !== "PRECONDITION_FAILED") throw error;
    throw busTopology(
      `The ${what} exists with other properties.`,
      "Delete it once it is empty, and it is created again; or name another exchange.",
      error,
    );
  }
}
