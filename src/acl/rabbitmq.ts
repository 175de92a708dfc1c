import { queueOf } from "../adapters/rabbitmq/options.ts";
import { deadOf } from "../adapters/rabbitmq/topology.ts";
import { exactly, type ServicePart } from "./part.ts";

export interface RabbitNames {
  readonly exchange: string;
  readonly vhost: string;
}

export interface RabbitPermissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
  readonly topicWrite: string;
  readonly topicRead: string;
}

/**
 * Regular expressions of one service. It may declare and read its own queues alone; what it
 * publishes and binds on the exchange is held by the permissions on topics. The default exchange,
 * which reaches every queue past those, is not among them.
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

/** Arguments of `rabbitmqctl` that give a service its permissions. */
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

export function rabbitCommands(parts: readonly ServicePart[], names: RabbitNames): string {
  const quoted = (words: readonly string[]) =>
    words.map((word) => (/^[\w/-]+$/.test(word) ? word : `'${word}'`)).join(" ");
  return [
    `# Once for each service before: rabbitmqctl add_user <service> <password>. The exchange ${names.exchange} and its dead letters have to be there: only`,
    "# their owner may create them, as a service does that is started once with all permissions.",
    ...parts.flatMap((part) =>
      rabbitArguments(part, names).map((words) => `rabbitmqctl ${quoted(words)}`),
    ),
  ].join("\n");
}
