import { consumerOf, subjectOf } from "../adapters/nats/options.ts";
import type { ServicePart } from "./part.ts";

export interface NatsNames {
  readonly stream: string;
  readonly prefix: string;
}

export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Subjects of one service. What it may hear is held by the subject on which a consumer is created:
 * it ends with the filter, and the server compares the two. The answers come to inboxes of its own,
 * so that no service can read another one's.
 */
export function natsPermissions(
  { service, emits, hears }: ServicePart,
  { stream, prefix }: NatsNames,
): NatsPermissions {
  const api = "$JS.API";
  const consumers = hears.map((type) => ({
    name: consumerOf(service, type),
    subject: subjectOf({ prefix }, type),
  }));
  return {
    publish: [
      ...emits.map((type) => subjectOf({ prefix }, type)),
      `${api}.STREAM.INFO.${stream}`,
      ...consumers.flatMap(({ name, subject }) => [
        `${api}.CONSUMER.INFO.${stream}.${name}`,
        `${api}.CONSUMER.CREATE.${stream}.${name}.${subject}`,
        `${api}.CONSUMER.MSG.NEXT.${stream}.${name}`,
        `$JS.ACK.${stream}.${name}.>`,
      ]),
    ],
    subscribe: [`${inboxOf(service)}.>`],
  };
}

export function inboxOf(service: string): string {
  return `_INBOX_${service}`;
}

/**
 * The `authorization` block of a server's configuration; passwords are taken from the server's
 * environment.
 */
export function natsConfig(parts: readonly ServicePart[], names: NatsNames): string {
  const list = (subjects: readonly string[]) =>
    subjects.map((subject) => `          ${JSON.stringify(subject)}`).join("\n");
  const users = parts.map((part) => {
    const { publish, subscribe } = natsPermissions(part, names);
    return [
      `    { user: ${part.service}, password: $ODORI_${part.service.toUpperCase()}_PASSWORD`,
      "      permissions: {",
      `        publish: { allow: [\n${list(publish)}\n        ] }`,
      `        subscribe: { allow: [\n${list(subscribe)}\n        ] }`,
      "      }",
      "    }",
    ].join("\n");
  });
  return [
    `# Include it in nats-server's configuration. The stream ${names.stream} has to be there: only its owner may create it.`,
    ...parts.map(
      ({ service }) =>
        `# ${service}: nats({ servers, connection: { user: "${service}", pass, inboxPrefix: "${inboxOf(service)}" } })`,
    ),
    "authorization {",
    "  users: [",
    ...users,
    "  ]",
    "}",
  ].join("\n");
}
