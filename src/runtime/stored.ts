import { decodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";

/** Reads an event that the database keeps; undefined where it is malformed. */
export function readStored(text: string): EventEnvelope | undefined {
  try {
    return decodeStored(text)[0];
  } catch {
    return undefined;
  }
}
