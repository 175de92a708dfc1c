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

/** A type that a group hears: it has a queue of its own. */
export interface GroupTopic {
  readonly group: string;
  readonly type: string;
}

/** When the queues were created that did not exist, by name, on the clock of `performance`. */
export type Births = Map<string, number>;

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

/**
 * Declares queues, and binds them. Throws `BUS_TOPOLOGY`. A queue that did not exist is bound after
 * `settleMs`, so that no event is confirmed before. RabbitMQ writes the place of a quorum queue's
 * log to `names.dets` late: the table is saved between 0.5 s and 1 s after its last use
 * (`auto_save` of `ra_directory`). A broker that is killed before comes back with an empty log that
 * has no leader. It lost the messages when killed 0.6 s after the creation, and not after 0.9 s.
 */
export async function ensureQueues(
  connection: Connection,
  settings: RabbitSettings,
  hearings: readonly GroupTopic[],
  births: Births,
): Promise<void> {
  const all = hearings.map(({ group, type }) => topologyFor(settings, group, type));
  for (const { queueOptions } of all) {
    const { queue } = queueOptions;
    // Noted before it is declared: another call that then finds it waits as well.
    if (!(await exists(connection, queue))) births.set(queue, performance.now());
    await declared(() => connection.queueDeclare(queueOptions), `queue ${queue}`);
  }
  const born = all.map(({ queueOptions }) => births.get(queueOptions.queue) ?? -Infinity);
  const waitMs = Math.max(...born) + settings.settleMs - performance.now();
  if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  for (const { queueBindings } of all)
    for (const binding of queueBindings) await connection.queueBind(binding);
}

/** Asks on a channel of its own: the reply that it does not exist ends the channel. */
async function exists(connection: Connection, queue: string): Promise<boolean> {
  const channel = await connection.acquire();
  try {
    await channel.queueDeclare({ queue, passive: true });
    return true;
  } catch (error) {
    if (codeOf(error) !== "NOT_FOUND") throw error;
    return false;
  } finally {
    await channel.close();
  }
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
