/** Why connections have ended that no statement was using then. */
const endings = new WeakMap<object, Error>();

/** Notes that a connection says, between two statements, that it has ended. */
export function noteEnding(client: object, error: Error): void {
  // What the server says comes first; then the client says that the connection has ended.
  if (!endings.has(client)) endings.set(client, error);
}

/** Why a connection has ended, where it did so between two statements: none of them says it. */
export function endingOf(client: object): Error | undefined {
  return endings.get(client);
}
