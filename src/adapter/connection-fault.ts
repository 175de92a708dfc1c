import { codeOf } from "../contract/errors.ts";
import type { ConnectionFault } from "../ports/connection.ts";

/** Errors within errors that are looked at, at most. */
const ERRORS_MAX = 200;

/** Returns an error and every error that it contains, itself first. */
export function errorsWithin(error: unknown): readonly Error[] {
  const found: Error[] = [];
  const visit = (one: unknown) => {
    if (!(one instanceof Error) || found.includes(one) || found.length >= ERRORS_MAX) return;
    found.push(one);
    for (const inner of one instanceof AggregateError ? one.errors : []) visit(inner);
    visit(one.cause);
  };
  visit(error);
  return found;
}

/** What Node says of a certificate that it does not accept. */
const UNTRUSTED = new RegExp(
  "^(CERT_|ERR_TLS_CERT_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED|HOSTNAME_MISMATCH|" +
    "UNABLE_TO_(GET|VERIFY|DECODE)_|INVALID_(CA|PURPOSE)|PATH_LENGTH_EXCEEDED)",
);
/** What a server says of a client whose certificate it does not accept. */
const NOT_ADMITTED =
  /^ERR_SSL_.*ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERT|ACCESS_DENIED)/;
/** What comes back is not TLS. */
const NOT_TLS = /^ERR_SSL_(WRONG_VERSION|PACKET_LENGTH|HTTP_REQUEST|UNKNOWN_PROTOCOL)/;
/** Of a handshake whose other side hangs up. */
const ENDED = "before secure TLS connection was established";

/**
 * Tells why TLS has failed, from the errors of Node within an error; undefined if something else
 * has. A refused password is for the adapter to recognise: each server says it in its own way.
 *
 * @example
 * ```ts
 * import { connectionFaultOf } from "odori/adapter";
 *
 * const error = Object.assign(new Error("expired"), { code: "CERT_HAS_EXPIRED" });
 * connectionFaultOf(error); // "CERTIFICATE_UNTRUSTED"
 * ```
 */
export function connectionFaultOf(error: unknown): ConnectionFault | undefined {
  return tlsFaultIn(error)?.fault;
}

/** The same, with the error that says so. */
export function tlsFaultIn(
  error: unknown,
): { readonly fault: ConnectionFault; readonly error: Error } | undefined {
  for (const one of errorsWithin(error)) {
    const fault = faultOfOne(one);
    if (fault !== undefined) return { fault, error: one };
  }
  return undefined;
}

function faultOfOne(error: Error): ConnectionFault | undefined {
  const code = codeOf(error);
  if (UNTRUSTED.test(code)) return "CERTIFICATE_UNTRUSTED";
  if (NOT_ADMITTED.test(code)) return "LOGIN_REFUSED";
  const wrong = code === "EPROTO" && error.message.includes("wrong version number");
  return wrong || NOT_TLS.test(code) || error.message.includes(ENDED) ? "TLS_MISMATCH" : undefined;
}
