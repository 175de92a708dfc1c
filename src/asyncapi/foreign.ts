import type { Manifest } from "../manifest/manifest.ts";
import { ManifestError } from "../manifest/mistakes.ts";
import { toManifest } from "../manifest/read.ts";
import { isObject, type Json, type Resolver } from "./resolve.ts";

/*
 * A document that Odori did not write lists the messages that an application sends and receives. It
 * does not link the two.
 */

/** Several operations may refer to the same messages, so their number is not that of the text. */
const MESSAGES_MAX = 100_000;

interface ForeignMessage {
  readonly type: string;
  readonly summary: unknown;
  readonly schema: unknown;
}

/**
 * Converts a foreign document to a manifest. Messages become events, and the application becomes
 * one unlinked service. Throws `MANIFEST_INVALID`.
 */
export function foreignManifest(document: Json, resolver: Resolver, file: string): Manifest {
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
  const events = new Map(
    [...received, ...sent].map(({ type, summary, schema }) => [
      type,
      {
        ...(typeof summary === "string" && { summary }),
        ...((isObject(schema) || typeof schema === "boolean") && { schema }),
      },
    ]),
  );
  const hears = [...new Set(received.map(({ type }) => type))];
  const emits = [...new Set(sent.map(({ type }) => type))];
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

/** Returns the messages of an operation: those it lists, else all messages of its channel. */
function messagesOf(operation: Json, resolver: Resolver): readonly ForeignMessage[] {
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
      : named.map((node) => ({ key: lastStep(node), found: resolver.follow(node) }));
  return chosen.flatMap(({ key, found }) => {
    if (found === undefined) return [];
    const { node } = found;
    const name = typeof node.name === "string" ? node.name : key;
    const type =
      constType(node, found.resolver) ??
      (alone || name === undefined ? address : address === undefined ? name : `${address}#${name}`);
    if (type === undefined) return [];
    const payload = found.resolver.object(node.payload);
    const schema = payload !== undefined && "schemaFormat" in payload ? payload.schema : payload;
    return [{ type, summary: node.summary ?? node.title, schema }];
  });
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

function lastStep(node: unknown): string | undefined {
  return isObject(node) && typeof node.$ref === "string" ? node.$ref.split("/").at(-1) : undefined;
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
