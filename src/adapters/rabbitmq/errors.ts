import { AMQPConnectionError, AMQPError } from "rabbitmq-client";
import { connectionFaultOf } from "../../adapter/connection-fault.ts";
import { codeOf, messageOf, OdoriError } from "../../contract/errors.ts";
import { busRefusesConnection, type ConnectionFault } from "../../ports/connection.ts";
import {
  busForbidden,
  busMissing,
  busRefused,
  busUnavailable,
  eventTooLarge,
} from "../../ports/errors.ts";

/** Translates an error of the client. */
export function explain(error: unknown, place: string): OdoriError {
  if (error instanceof OdoriError) return error;
  const fault = faultOf(error);
  if (fault !== undefined) return busRefusesConnection(fault, place, plain(error));
  if (!(error instanceof AMQPError)) return busUnavailable(place, error);
  if (codeOf(error) === "ACCESS_REFUSED") return busForbidden(place, error);
  if (codeOf(error) === "NOT_FOUND") return busMissing(place, error);
  if (codeOf(error) === "NACK") return busRefused(place, error);
  const tooLarge = codeOf(error) === "PRECONDITION_FAILED" && error.message.includes("size");
  return tooLarge ? eventTooLarge(place, error) : busUnavailable(place, error);
}

/** Why a connection is refused. On a channel, `ACCESS_REFUSED` is about one operation. */
export function faultOf(error: unknown): ConnectionFault | undefined {
  const refused = error instanceof AMQPConnectionError && codeOf(error) === "ACCESS_REFUSED";
  return refused ? "LOGIN_REFUSED" : connectionFaultOf(error);
}

/** The client begins a message with the name of a method, which it does not always have. */
function plain(error: unknown): unknown {
  const message = messageOf(error);
  const undefinedName = "undefined: ";
  return message.startsWith(undefinedName)
    ? new Error(message.slice(undefinedName.length), { cause: error })
    : error;
}
