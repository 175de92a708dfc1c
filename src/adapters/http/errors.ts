import { messageOf, OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";

/** Statuses after which the event may be accepted later: nothing is wrong with the event. */
const LATER: readonly number[] = [404, 408, 425, 429];
const DENIED: readonly number[] = [401, 403];
const TOO_LARGE = 413;
/** The subscriber is retired: CloudEvents WebHook 1.0.2, section 2.2. */
export const GONE = 410;

/** `ENDPOINT_AWAY`: the subscriber at `place` does not take events now. */
export function endpointAway(place: string, cause: unknown): OdoriError {
  return new OdoriError(
    "ENDPOINT_AWAY",
    `The subscriber ${place} does not take events: ${messageOf(cause)}.`,
    { cause, hint: "Check its URL, and that it is running. The event is sent again." },
  );
}

/** The error of a reply that is not 2xx; `reason` is the beginning of its body. */
export function replyError(place: string, status: number, reason: string): OdoriError {
  const said = `it replied ${status}${reason === "" ? "" : ` ${quote(reason)}`}`;
  if (DENIED.includes(status))
    return new OdoriError("BUS_FORBIDDEN", `The subscriber ${place} denies access: ${said}.`, {
      hint: "Compare the secrets, headers and clocks on both sides.",
    });
  if (LATER.includes(status) || status < 400 || status >= 500)
    return endpointAway(place, new Error(said));
  if (status === TOO_LARGE)
    return new OdoriError("PAYLOAD_TOO_LARGE", `The event is too large for ${place}: ${said}.`, {
      hint: "Send keys instead of entities, or raise the subscriber's limit.",
    });
  const gone = status === GONE ? "It is not sent to again before the next start." : "";
  return new OdoriError("BUS_REFUSED", `The subscriber ${place} refuses the event: ${said}.`, {
    hint: `Look at the subscriber. The event stays in the outbox. ${gone}`.trimEnd(),
  });
}
