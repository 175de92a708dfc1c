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
