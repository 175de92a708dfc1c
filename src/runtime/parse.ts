import { copyJson } from "../contract/copy.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";

/**
 * Parses an event's payload with its contract, from a copy: each run of a handler gets the payload
 * as it was received, even if an earlier run changed its own. Throws `PAYLOAD_INVALID`.
 */
export function parsed(event: EventEnvelope, contract: EventContract): EventEnvelope {
  return { ...event, data: contract.parse(copyJson(event.data)) };
}
