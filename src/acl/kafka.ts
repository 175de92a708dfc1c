import type { ServicePart } from "../adapter/provision.ts";
import { groupOf, settingsOf, topicOf } from "../adapters/kafka/options.ts";
import type { KafkaGrant } from "../adapters/kafka/provision.ts";
import { shellWord } from "./part.ts";

/** Names the topics: `prefix` stands before each event type. */
export interface KafkaNames {
  readonly prefix: string;
}

/** Checks the names as the adapter does. Throws `OPTION_INVALID`. */
export function kafkaNames(prefix = "odori."): KafkaNames {
  return settingsOf({ brokers: [], prefix });
}

/** Returns the ACL entries that one service needs. */
export function kafkaGrants(
  { service, emits, hears }: ServicePart,
  names: KafkaNames,
): readonly KafkaGrant[] {
  const principal = `User:${service}`;
  const topics = [...new Set([...emits, ...hears])].map((type) => topicOf(names, type));
  return [
    ...emits.map(
      (type) =>
        ({ principal, operation: "Write", resource: "topic", name: topicOf(names, type) }) as const,
    ),
    ...hears.map(
      (type) =>
        ({ principal, operation: "Read", resource: "topic", name: topicOf(names, type) }) as const,
    ),
    // At start a service reads the retention of its topics.
    ...topics.map(
      (name) => ({ principal, operation: "DescribeConfigs", resource: "topic", name }) as const,
    ),
    ...(hears.length === 0
      ? []
      : [
          {
            principal,
            operation: "Read",
            resource: "group",
            name: groupOf(names, service),
          } as const,
        ]),
  ];
}

/** Writes the ACL entries of all services as `kafka-acls.sh` commands. */
export function kafkaCommands(parts: readonly ServicePart[], names: KafkaNames): string {
  return [
    "# Create the topics first; these permissions do not include that.",
    ...parts.flatMap((part) =>
      kafkaGrants(part, names).map(
        ({ principal, operation, resource, name }) =>
          `kafka-acls.sh --bootstrap-server "$KAFKA" --add --allow-principal ` +
          `${shellWord(principal)} --operation ${operation} --${resource} ${shellWord(name)}`,
      ),
    ),
  ].join("\n");
}
