import type { ServicePart } from "../adapter/provision.ts";
import { consumerOf, settingsOf, subjectOf } from "../adapters/nats/options.ts";

/** Names the stream, and the prefix of its subjects. */
export interface NatsNames {
  readonly stream: string;
  readonly prefix: string;
}

/** Checks the names as the adapter does. Throws `OPTION_INVALID`. */
export function natsNames(stream: string, prefix = "odori"): NatsNames {
  return settingsOf({ servers: [], stream, prefix });
}

/** Lists the subjects that one service may publish and subscribe to. */
export interface NatsPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/**
 * Returns the subjects of one service. The subject that creates a consumer ends with its filter,
 * and the server compares the two: this limits the types that the service can read. Replies go to
 * an inbox prefix of its own, so that no service can read the replies of another one.
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

/** Returns the inbox prefix of a service, for the connection option `inboxPrefix`. */
export function inboxOf(service: string): string {
  return `_INBOX_${service}`;
}

/**
 * Writes the `authorization` block of the nats-server configuration. The server reads the passwords
 * from its environment.
 */
export function natsConfig(parts: readonly ServicePart[], names: NatsNames): string {
  const list = (subjects: readonly string[]) =>
    subjects.map((subject) => `          ${JSON.stringify(subject)}`).join("\n");
  const users = parts.map((part) => {
    const { publish, subscribe } = natsPermissions(part, names);
    return [
      `    { user: ${JSON.stringify(part.service)},`,
      `      password: $ODORI_${part.service.toUpperCase()}_PASSWORD`,
      "      permissions: {",
      `        publish: { allow: [\n${list(publish)}\n        ] }`,
      `        subscribe: { allow: [\n${list(subscribe)}\n        ] }`,
      "      }",
      "    }",
    ].join("\n");
  });
  return [
    "# Include this file in the configuration of nats-server.",
    `# Create the stream ${names.stream} first; these permissions do not include that.`,
    ...parts.map(({ service }) => {
      const connection = `{ user: "${service}", pass, inboxPrefix: "${inboxOf(service)}" }`;
      return `# ${service}: nats({ servers, connection: ${connection} })`;
    }),
    "authorization {",
    "  users: [",
    ...users,
    "  ]",
    "}",
  ].join("\n");
}
