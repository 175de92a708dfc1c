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
  const because = (text: string) => new Error(text, { cause: error });
  if (all.some((one) => codeOf(one) === "PLT_KFK_AUTHENTICATION"))
    return because("it refuses the user or the password (option sasl)");
  const tls = all.find((one) => TLS.test(codeOf(one)) || one.message.startsWith("TLS "));
  if (tls !== undefined) return because(`TLS fails (option tls): ${messageOf(tls)}`);
  const last = all.at(-1);
  if (last?.message === "Connection closed")
    return because(
      "it has closed the connection; if it always does, it asks for TLS or a password " +
        "(options tls and sasl)",
    );
  return last === undefined || last === error ? error : because(messageOf(last));
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
