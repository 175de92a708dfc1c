import { codeOf, messageOf } from "../../contract/errors.ts";

/**
 * Whether an error of a broker is, or contains, the one with this name (`TOPIC_ALREADY_EXISTS`).
 * The client nests the errors of several brokers and topics.
 */
export function hasCode(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  if ("apiId" in error && error.apiId === name) return true;
  const inner = error instanceof AggregateError ? error.errors : [];
  return [...inner, error.cause].some((one) => hasCode(one, name));
}

/** Every error that an error contains, itself first. */
function* within(error: unknown): Iterable<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  for (const inner of error instanceof AggregateError ? error.errors : []) yield* within(inner);
  yield* within(error.cause);
}

const TLS = /CERT|^ERR_(TLS|SSL)|^EPROTO$|UNABLE_TO_(GET|VERIFY)/;

/**
 * Returns what is wrong, as an error whose message says so. The client itself says only that it has
 * failed several times.
 */
export function reasonOf(error: unknown): unknown {
  const all = [...within(error)];
  const found = (test: (code: string) => boolean) => all.find((one) => test(codeOf(one)));
  const login = found((code) => code === "PLT_KFK_AUTHENTICATION");
  const tls = found((code) => TLS.test(code));
  if (login !== undefined || hasCode(error, "SASL_AUTHENTICATION_FAILED"))
    return new Error("the broker refuses the user or the password (option sasl)", { cause: error });
  if (tls !== undefined)
    return new Error(`TLS fails: ${messageOf(tls)} (option tls)`, { cause: error });
  const last = all.at(-1);
  return last === undefined || last === error
    ? error
    : new Error(messageOf(last), { cause: error });
}

const FORBIDDEN = [
  "TOPIC_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
];

/** Whether the broker denied the operation to this user. */
export function isForbidden(error: unknown): boolean {
  return FORBIDDEN.some((name) => hasCode(error, name));
}

const TOO_LARGE = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

/** Whether the broker refused a message because of its size. */
export function isTooLarge(error: unknown): boolean {
  return TOO_LARGE.some((name) => hasCode(error, name));
}

const MESSAGE_FAULTS = [
  ...TOO_LARGE,
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "POLICY_VIOLATION",
  "UNKNOWN_TOPIC_OR_PARTITION",
];

/** Whether the broker refused one of the messages, so that the others may pass without it. */
export function isMessagesFault(error: unknown): boolean {
  return isForbidden(error) || MESSAGE_FAULTS.some((name) => hasCode(error, name));
}
