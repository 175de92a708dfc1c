import type { ErrorEntry } from "./entry.ts";

/** Connections to a database or a broker that one of both sides refuses. */
export const CONNECTION_CODES = {
  LOGIN_REFUSED: {
    delivery: "uncounted",
    meaning: "A server refuses the user, the password, the token or the client's certificate.",
    hint: "Compare them with those of the server. The service goes on once they are right.",
  },
  CERTIFICATE_UNTRUSTED: {
    delivery: "uncounted",
    meaning: "A server's certificate is of an unknown CA, for another host, or expired.",
    hint: "Name the server's CA (`ca`), and use a host name that its certificate has.",
  },
  TLS_MISMATCH: {
    delivery: "uncounted",
    meaning: "A server asks for TLS that the client does not use, or has none where it does.",
    hint: "Turn TLS on or off in the options of the store or bus.",
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
