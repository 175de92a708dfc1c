import { toDraft2020 } from "../contract/json-schema-2020.ts";
import type { JsonSchema, Manifest } from "../manifest/manifest.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { toManifest } from "../manifest/read.ts";
import { type ForeignMessage, messagesOf } from "./foreign-message.ts";
import { isObject, type Json, type Resolver } from "./resolve.ts";

/*
 * A document that Odori did not write lists the messages that an application sends and receives. It
 * does not link the two.
 */

/** Names of messages in documents, each with the name that the choreography uses instead. */
export type Names = ReadonlyMap<string, string>;

/** Several operations may refer to the same messages, so their number is not that of the text. */
const MESSAGES_MAX = 100_000;

/**
 * Converts a foreign document to a manifest. Messages become events, and the application becomes
 * one unlinked service. Throws `MANIFEST_INVALID`.
 */
export function foreignManifest(
  document: Json,
  resolver: Resolver,
  file: string,
  names: Names,
): Manifest {
  const info = isObject(document.info) ? document.info : {};
  const name = nameOf(info.title);
  const sent: ForeignMessage[] = [];
  const received: ForeignMessage[] = [];
  for (const operation of resolver.values(document.operations)) {
    if (operation.action !== "send" && operation.action !== "receive") continue;
    for (const message of messagesOf(operation, resolver)) {
      (operation.action === "send" ? sent : received).push(message);
      if (sent.length + received.length > MESSAGES_MAX) {
        const text = `refer to more than ${MESSAGES_MAX} messages`;
        throw new ManifestError(file, [{ path: ["operations"], message: text }]);
      }
    }
  }
  const schemas = new Map<unknown, JsonSchema | undefined>();
  const schemaOf = (schema: unknown): JsonSchema | undefined => {
    if (!schemas.has(schema))
      schemas.set(schema, isObject(schema) ? toDraft2020(schema) : booleanOf(schema));
    return schemas.get(schema);
  };
  const typeOf = typesOf([...received, ...sent], names);
  const events = new Map(
    [...received, ...sent].map((message) => {
      const { summary, address } = message;
      const schema = schemaOf(message.schema);
      const type = typeOf(message);
      const event = {
        ...(typeof summary === "string" && { summary }),
        ...(schema !== undefined && { schema }),
        foreign: true,
        ...(address !== undefined && address !== type && { address }),
      };
      return [type, event];
    }),
  );
  const hears = [...new Set(received.map(typeOf))];
  const emits = [...new Set(sent.map(typeOf))];
  const reaction = { on: hears, emits: [[], ...emits], readonly: true };
  const service =
    hears.length > 0
      ? { reactions: [reaction], unlinked: true }
      : { begins: emits, unlinked: true };
  return toManifest(
    {
      odori: 1,
      name,
      begins: hears.length > 0 ? [] : emits,
      events: Object.fromEntries(events),
      services: { [name]: service },
    },
    file,
  );
}

function booleanOf(schema: unknown): boolean | undefined {
  return typeof schema === "boolean" ? schema : undefined;
}

/**
 * Returns the event type of each message: its name, so that a message has one type in every
 * document. If a document has different messages of one name, their channels tell them apart.
 */
function typesOf(
  messages: readonly ForeignMessage[],
  names: Names,
): (message: ForeignMessage) => string {
  const texts = new Map<unknown, string>();
  const textOf = (schema: unknown) => {
    const known = texts.get(schema) ?? JSON.stringify(schema) ?? "";
    texts.set(schema, known);
    return known;
  };
  const first = new Map<string, ForeignMessage>();
  const shared = new Set<string>();
  for (const message of messages) {
    const other = first.get(message.name) ?? message;
    first.set(message.name, other);
    if (other.address !== message.address && textOf(other.schema) !== textOf(message.schema))
      shared.add(message.name);
  }
  return ({ name, address }) => {
    const exact = address === undefined ? name : `${address}#${name}`;
    return names.get(exact) ?? names.get(name) ?? (shared.has(name) ? exact : name);
  };
}

/** Converts a title to a service name: `Account Service` becomes `account_service`. */
function nameOf(title: unknown): string {
  const name =
    typeof title === "string"
      ? title
          .toLowerCase()
          .replace(/[^a-z0-9]+/g, "_")
          .replace(/^[_0-9]+|_+$/g, "")
      : "";
  return name === "" ? "unnamed" : name;
}
