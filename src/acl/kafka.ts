import { groupOf, topicOf } from "../adapters/kafka/options.ts";
import type { ServicePart } from "./part.ts";

export interface KafkaNames {
  readonly prefix: string;
}

export interface KafkaGrant {
  readonly principal: string;
  readonly operation: "Read" | "Write" | "DescribeConfigs";
  readonly resource: "topic" | "group";
  readonly name: string;
}

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
    // Verified at start: what a topic keeps, and for how long.
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

export function kafkaCommands(parts: readonly ServicePart[], names: KafkaNames): string {
  return [
    "# The topics have to be there: only their owner may create them.",
    ...parts.flatMap((part) =>
      kafkaGrants(part, names).map(
        ({ principal, operation, resource, name }) =>
          `kafka-acls.sh --bootstrap-server "$KAFKA" --add --allow-principal ${principal} --operation ${operation} --${resource} ${name}`,
      ),
    ),
  ].join("\n");
}
