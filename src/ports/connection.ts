import { messageOf, OdoriError } from "../contract/errors.ts";

/** Why one of both sides refuses a connection. The codes of stores and buses are the same. */
export type ConnectionFault = "LOGIN_REFUSED" | "CERTIFICATE_UNTRUSTED" | "TLS_MISMATCH";

/**
 * Codes of a bus after which nothing is known of an event: the bus has neither accepted nor refused
 * it.
 */
const UNANSWERED: readonly string[] = [
  "BUS_UNAVAILABLE",
  "BUS_CLOSED",
  "LOGIN_REFUSED",
  "CERTIFICATE_UNTRUSTED",
  "TLS_MISMATCH",
] satisfies readonly (ConnectionFault | "BUS_UNAVAILABLE" | "BUS_CLOSED")[];

/** Tells whether an error with this code says nothing about an event. */
export function isUnanswered(code: string): boolean {
  return UNANSWERED.includes(code);
}

/** What has happened, and what to do about it. */
const WORDS: Readonly<Record<ConnectionFault, readonly [what: string, hint: string]>> = {
  LOGIN_REFUSED: [
    "refuses the login",
    "Check the user, the password or token, and the client's certificate.",
  ],
  CERTIFICATE_UNTRUSTED: [
    "shows a certificate that is not trusted",
    "Name its CA in the TLS options, and use a host name that the certificate has.",
  ],
  TLS_MISMATCH: [
    "and this client do not agree on TLS",
    "Turn TLS on where the server asks for it, and off where it has none.",
  ],
};

/** The parts of the error of a refused connection to the server at `place`. */
export function refusedConnection(
  fault: ConnectionFault,
  place: string,
  cause: unknown,
): readonly [message: string, details: { readonly cause: unknown; readonly hint: string }] {
  const [what, hint] = WORDS[fault];
  const said = plainReason(messageOf(cause)).replace(/\.$/, "");
  return [`The server at ${place} ${what}: ${said}.`, { cause, hint }];
}

/**
 * `LOGIN_REFUSED`, `CERTIFICATE_UNTRUSTED` or `TLS_MISMATCH`: the broker at `place` refuses the
 * connection, or this client refuses the broker. A store uses a `StoreUnavailableError` with the
 * same code.
 *
 * @example
 * ```ts
 * import { busRefusesConnection, busUnavailable, connectionFaultOf } from "odori/adapter";
 *
 * function explain(error: unknown) {
 *   const fault = connectionFaultOf(error);
 *   if (fault === undefined) return busUnavailable("localhost:4222", error);
 *   return busRefusesConnection(fault, "localhost:4222", error);
 * }
 * ```
 */
export function busRefusesConnection(
  fault: ConnectionFault,
  place: string,
  cause: unknown,
): OdoriError {
  return new OdoriError(fault, ...refusedConnection(fault, place, cause));
}

/** OpenSSL puts the reason among numbers and the names of its own files. */
function plainReason(message: string): string {
  return /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
}
