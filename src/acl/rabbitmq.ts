import type { ServicePart } from "../adapter/provision.ts";
import { queueOf, settingsOf } from "../adapters/rabbitmq/options.ts";
import { deadOf } from "../adapters/rabbitmq/topology.ts";
import { exactly, shellWord } from "./part.ts";

/** Names the exchange and the virtual host. */
export interface RabbitNames {
  readonly exchange: string;
  readonly vhost: string;
}

/** Checks the names as the adapter does. Throws `OPTION_INVALID`. */
export function rabbitNames(exchange: string, vhost: string): RabbitNames {
  return { exchange: settingsOf({ url: "amqp://localhost", exchange }).exchange, vhost };
}

/** Holds the permissions of one user as regular expressions. */
export interface RabbitPermissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly topicWrite: string;
  readonly topicRead: string;
}

/**
 * Returns the permissions of one service. It may declare and read only its own queues. Topic
 * permissions limit the types that it publishes and binds. The default exchange is excluded,
 * because it reaches every queue.
 */
export function rabbitPermissions(
  { service, emits, hears }: ServicePart,
  { exchange }: RabbitNames,
): RabbitPermissions {
  const queues = hears.map((type) => queueOf({ exchange }, service, type));
  return {
    configure: exactly(queues),
    write: exactly([exchange, deadOf({ exchange }), ...queues]),
    read: exactly([exchange, ...queues]),
    topicWrite: exactly(emits),
    topicRead: exactly(hears),
  };
}

/** Returns the arguments of the `rabbitmqctl` calls that grant one service its permissions. */
export function rabbitArguments(
  part: ServicePart,
  names: RabbitNames,
): readonly (readonly string[])[] {
  const { configure, write, read, topicWrite, topicRead } = rabbitPermissions(part, names);
  const { vhost, exchange } = names;
  return [
    ["set_permissions", "-p", vhost, part.service, configure, write, read],
    ["set_topic_permissions", "-p", vhost, part.service, exchange, topicWrite, topicRead],
  ];
}

/** Writes the permissions of all services as `rabbitmqctl` commands. */
export function rabbitCommands(parts: readonly ServicePart[], names: RabbitNames): string {
  return [
    "# First add each user: rabbitmqctl add_user <service> <password>.",
    `# Create the exchange ${names.exchange} and its dead-letter exchange too, for example by`,
    "# starting one service with all permissions. The permissions below do not include that.",
    ...parts.flatMap((part) =>
      rabbitArguments(part, names).map((words) => `rabbitmqctl ${words.map(shellWord).join(" ")}`),
    ),
  ].join("\n");
}
