import { JetStreamApiError } from "@nats-io/jetstream";
import {
  AuthorizationError,
  InvalidArgumentError,
  PermissionViolationError,
  UserAuthenticationExpiredError,
} from "@nats-io/transport-node";
import { connectionFaultOf, errorsWithin } from "../../adapter/connection-fault.ts";
import { OdoriError } from "../../contract/errors.ts";
import { busRefusesConnection, type ConnectionFault } from "../../ports/connection.ts";
import { busForbidden, busUnavailable, eventTooLarge } from "../../ports/errors.ts";

/** Error code of JetStream: the stream's `max_msg_size`. */
const MESSAGE_EXCEEDS_MAXIMUM = 10_054;
/** What the client says where it is told to use TLS, and the server has none. */
const WITHOUT_TLS = /server does not support 'tls'|is not available on this server/;

/** Translates an error of the client. */
export function explain(error: unknown, place: string): OdoriError {
  if (error instanceof OdoriError) return error;
  if (isTooLarge(error)) return eventTooLarge(place, error);
  const fault = faultOf(error);
  if (fault !== undefined) return busRefusesConnection(fault, place, error);
  const forbidden =
    error instanceof PermissionViolationError ||
    (error instanceof Error && error.cause instanceof PermissionViolationError);
  return forbidden ? busForbidden(place, error) : busUnavailable(place, error);
}

function faultOf(error: unknown): ConnectionFault | undefined {
  for (const one of errorsWithin(error)) {
    if (isLoginRefused(one)) return "LOGIN_REFUSED";
    if (WITHOUT_TLS.test(one.message)) return "TLS_MISMATCH";
  }
  return connectionFaultOf(error);
}

/** Whether the server refuses the user, the password, the token or the key. */
export function isLoginRefused(error: unknown): boolean {
  return error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError;
}

/** The client refuses a message above `max_payload`; the server one above the stream's limit. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return error.code === MESSAGE_EXCEEDS_MAXIMUM;
  return error instanceof InvalidArgumentError && error.message.includes("max_payload");
}
