import type { Message } from "@platformatic/kafka";
import { KAFKA } from "../../cloudevents/binding.ts";
import { readMessage } from "../../cloudevents/message.ts";
import type { Incoming } from "../../ports/bus.ts";

/** What the client passes on: Kafka's headers, keys and values may be null. */
type Nullable = Buffer | null | undefined;

/** Reads a record. A header without a value is legal in Kafka, and carries nothing. */
export function readKafka(
  type: string,
  { topic, partition, offset, headers, value }: Message,
): Incoming {
  const body: Nullable = value;
  const wire = {
    headers: textOf(headers),
    body: body ?? new Uint8Array(),
    place: `${topic}/${partition}/${offset}`,
  };
  return readMessage(KAFKA, type, wire, Date.now());
}

function* textOf(headers: ReadonlyMap<Nullable, Nullable>): Iterable<readonly [string, string]> {
  for (const [name, value] of headers) if (name && value) yield [name.toString(), value.toString()];
}
