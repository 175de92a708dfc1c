import { codeOf, messageOf, OdoriError, PermanentError } from "../contract/errors.ts";
import type { Problem } from "../ports/deferred.ts";

const PERMANENT: ReadonlySet<string> = new Set([
  "PAYLOAD_INVALID",
  "PAYLOAD_NOT_JSON",
  "PAYLOAD_TOO_LARGE",
  "ATTRIBUTE_INVALID",
  "UNDECLARED_OUTCOME",
  "UNKNOWN_TYPE",
  "MESSAGE_MALFORMED",
  "MESSAGE_TOO_LARGE",
]);

/**
 * Tells whether a retry cannot help: the handler said so, or what was heard or emitted does not
 * fit its contract.
 */
export function isPermanent(error: unknown): boolean {
  return (
    error instanceof PermanentError || (error instanceof OdoriError && PERMANENT.has(error.code))
  );
}

const MESSAGE_MAX_CHARS = 2_000;
const STACK_MAX_CHARS = 8_000;
const CAUSES_MAX = 8;

/** Turns an error into what is kept with a delivery; its causes are part of the stack. */
export function problemOf(error: unknown): Problem {
  const stack: string[] = [];
  for (let cause = error; cause instanceof Error && stack.length < CAUSES_MAX; cause = cause.cause)
    stack.push(cause.stack ?? String(cause));
  return {
    code: codeOf(error),
    message: messageOf(error).slice(0, MESSAGE_MAX_CHARS),
    stack: stack.length === 0 ? undefined : stack.join("\ncaused by ").slice(0, STACK_MAX_CHARS),
  };
}
