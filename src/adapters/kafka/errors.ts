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
