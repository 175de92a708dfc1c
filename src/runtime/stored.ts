import { readKept } from "../cloudevents/kept.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { Deferred } from "../ports/deferred.ts";

/** Reads the event of a deferred delivery; undefined where it cannot be read. */
export function readDeferred({ body, at }: Deferred): EventEnvelope | undefined {
  try {
    return readKept(body, at);
  } catch {
    return undefined;
  }
}
