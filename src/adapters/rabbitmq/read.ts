import type { AsyncMessage } from "rabbitmq-client";
import { AMQP } from "../../cloudevents/binding.ts";
import { readMessages } from "../../cloudevents/messages.ts";
import type { Incoming } from "../../ports/bus.ts";

/** What is read of a message; the rest belongs to the delivery, and differs with the next one. */
type Content = Pick<AsyncMessage, "headers" | "body" | (typeof PROPERTIES)[number]>;

/** They tell messages apart that cannot be read. None is an attribute. */
const PROPERTIES = [
  "contentType",
  "messageId",
  "correlationId",
  "timestamp",
  "type",
  "appId",
  "userId",
  "replyTo",
] as const;

/** Reads the events of a message. One that cannot be read is malformed. */
export function readRabbit(type: string, message: Content): readonly Incoming[] {
  const wire = { headers: headersOf(message), body: bodyOf(message) };
  return readMessages(AMQP, type, wire, Date.now());
}

function* headersOf(message: Content): Iterable<readonly [string, string]> {
  for (const property of PROPERTIES) {
    const value = message[property];
    const name = property === "contentType" ? AMQP.contentType : property;
    if (value !== undefined) yield [name, String(value)];
  }
  // A header without a value is legal, and carries nothing.
  for (const [name, value] of Object.entries(message.headers ?? {}))
    if (value !== null && value !== undefined) yield [name, textOf(value)];
}

/** A foreign producer may send numbers, times and tables; attributes are text. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Date)
    return Number.isNaN(value.getTime()) ? String(value) : value.toISOString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A body that the client has parsed, in spite of `VerbatimConnection`, is text again. */
function bodyOf({ body }: Content): Uint8Array | string {
  if (body instanceof Uint8Array) return body;
  return typeof body === "string" ? body : JSON.stringify(body);
}
