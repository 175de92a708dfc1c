import { copyJson } from "../contract/copy.ts";
import type { EventEnvelope } from "../contract/envelope.ts";
import type { EventContract } from "../contract/event.ts";
import { readAs } from "../contract/lineage.ts";

/**
 * Parses an event's payload with its contract, which may be of a later version. Every event that is
 * handled comes through here, from the bus and from the database. It is parsed from a copy: each
 * run of a handler gets the payload as it was received, even if an earlier run changed its own.
 * Throws `PAYLOAD_INVALID`.
 */
export function parsed(event: EventEnvelope, contract: EventContract): EventEnvelope {
  const data = readAs(contract, event.type, copyJson(event.data));
  return { ...event, type: contract.type, data };
}
