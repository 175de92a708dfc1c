import { isObject, type Json, type Resolver } from "./resolve.ts";

/** A message that an operation of a foreign document sends or receives. */
export interface ForeignMessage {
  readonly name: string;
  /** The address of its channel. */
  readonly address: string | undefined;
  readonly summary: unknown;
  readonly schema: unknown;
}

/** Matches keys that say nothing. Converters write such keys for messages without a name. */
const NAMELESS = /(^|\.)(default_?)?message(\.\d+)?$|^<anonymous-message-\d+>$/i;

/** Returns the messages of an operation: those it lists, else all messages of its channel. */
export function messagesOf(operation: Json, resolver: Resolver): readonly ForeignMessage[] {
  const channel = resolver.follow(operation.channel);
  if (channel === undefined) return [];
  const all = isObject(channel.node.messages) ? Object.entries(channel.node.messages) : [];
  const named = Array.isArray(operation.messages)
    ? operation.messages.map((node): unknown => node)
    : undefined;
  const alone = all.length === 1;
  const address = typeof channel.node.address === "string" ? channel.node.address : channel.name;
  const chosen =
    named === undefined
      ? all.map(([key, node]) => ({ key, found: channel.resolver.follow(node) }))
      : named.map((node) => ({ key: undefined, found: resolver.follow(node) }));
  return chosen.flatMap(({ key, found }) => {
    if (found === undefined) return [];
    const { node } = found;
    const type = constType(node, found.resolver) ?? nameOf(node, found.name ?? key, address, alone);
    if (type === undefined) return [];
    const schema = payloadSchema(found.resolver.object(node.payload) ?? node.payload);
    return [{ name: type, address, summary: node.summary ?? node.title, schema }];
  });
}

/** Returns the name of a message, else the key at which it stands, else its channel. */
function nameOf(
  { name }: Json,
  key: string | undefined,
  address: string | undefined,
  alone: boolean,
): string | undefined {
  if (typeof name === "string" && name !== "") return name;
  if (key !== undefined && !NAMELESS.test(key)) return key;
  return alone || key === undefined || address === undefined ? address : `${address}#${key}`;
}

/** Matches the formats that are JSON Schema. Others, such as Avro, say nothing that is compared. */
const JSON_SCHEMA = /^application\/(vnd\.aai\.asyncapi|vnd\.oai\.openapi|schema)\b/i;

function payloadSchema(payload: unknown): unknown {
  if (!isObject(payload) || !("schemaFormat" in payload)) return payload;
  const { schemaFormat, schema } = payload;
  return typeof schemaFormat === "string" && JSON_SCHEMA.test(schemaFormat) ? schema : undefined;
}

/** Returns the event type that the headers or the payload fix with `const`. */
function constType(message: Json, resolver: Resolver): string | undefined {
  for (const [part, names] of [
    [message.headers, ["ce-type", "ce_type", "cloudEvents:type"]] as const,
    [message.payload, ["type"]] as const,
  ]) {
    const schema = resolver.object(part);
    const properties = resolver.object(schema?.properties);
    for (const name of names) {
      const bound = resolver.object(properties?.[name])?.const;
      if (typeof bound === "string") return bound;
    }
  }
  return undefined;
}
