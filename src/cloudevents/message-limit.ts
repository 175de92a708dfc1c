import { busTopology } from "../ports/errors.ts";
import { WIRE_MAX_BYTES } from "./json.ts";

/** An event of the greatest size, in any protocol: attributes may be encoded, and named again. */
export const MESSAGE_MAX_BYTES = WIRE_MAX_BYTES + 8 * 1024;

/**
 * Throws `BUS_TOPOLOGY` if the broker accepts no message of the size that an event may have: such
 * an event would stay in the outbox for ever. `what` names the setting, as in "max_payload of the
 * server".
 *
 * @example
 * ```ts
 * import { checkMessageLimit } from "odori/cloudevents";
 *
 * checkMessageLimit("max_payload of the server", 1_048_576);
 * ```
 */
export function checkMessageLimit(what: string, maxBytes: number): void {
  if (maxBytes >= MESSAGE_MAX_BYTES) return;
  throw busTopology(
    `The ${what} is ${maxBytes} bytes, but an event may have ${MESSAGE_MAX_BYTES}.`,
    "Raise it: the broker would refuse a larger event for ever.",
  );
}
