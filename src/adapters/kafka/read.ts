import { KAFKA } from "../../cloudevents/binding.ts";
import { readMessage } from "../../cloudevents/message.ts";
import type { Incoming } from "../../ports/bus.ts";

/** What the client passes on: Kafka's headers, keys and values may be null. */
type Nullable = Buffer | null | undefined;

/** What is read of a record. */
interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly headers: ReadonlyMap<Nullable, Nullable>;
  readonly value: Nullable;
}

/** Reads a record. A header without a value is legal in Kafka, and carries nothing. */
export function readKafka(
  type: string,
  { topic, partition, offset, headers, value }: KafkaRecord,
): Incoming {
  const wire = {
    headers: textOf(headers),
    body: value ?? new Uint8Array(),
    place: `${topic}/${partition}/${offset}`,
  };
  return readMessage(KAFKA, type, wire, Date.now());
}

function* textOf(headers: ReadonlyMap<Nullable, Nullable>): Iterable<readonly [string, string]> {
  for (const [name, value] of headers) if (name && value) yield [name.toString(), value.toString()];
}
