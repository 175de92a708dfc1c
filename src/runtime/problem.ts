import { isFinal } from "../contract/error-catalogue.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import type { Problem } from "../ports/deferred.ts";
import type { Attempt } from "./attempt.ts";

/** Tells whether a retry cannot help: the catalogue says so of the error's code. */
export function isPermanent(error: unknown): boolean {
  try {
    return error instanceof OdoriError && isFinal(error.code);
  } catch {
    return false;
  }
}

const MESSAGE_MAX_CHARS = 2_000;
const STACK_MAX_CHARS = 8_000;
const CAUSES_MAX = 8;

/** An error and its causes, up to the first that cannot be read. */
function causesOf(error: unknown): readonly Error[] {
  const causes: Error[] = [];
  try {
    let cause = error;
    for (; cause instanceof Error && causes.length < CAUSES_MAX; cause = cause.cause)
      causes.push(cause);
  } catch {
    // A getter of a thrown object must not hide that it was thrown.
  }
  return causes;
}

function stackOf(error: Error): string {
  try {
    return String(error.stack ?? error);
  } catch {
    return "An error whose stack cannot be read.";
  }
}

/**
 * Turns an error into what is kept with a delivery; its causes are part of the stack. An error
 * without a code has that of its nearest cause: libraries wrap what the database says. What a
 * person has accepted of the delivery stays with it.
 */
export function problemOf(error: unknown, { accepted }: Pick<Attempt, "accepted">): Problem {
  const causes = causesOf(error);
  const stack = causes.map(stackOf);
  const [code = codeOf(error)] = causes.map(codeOf).filter((one) => one !== codeOf(undefined));
  return {
    code,
    message: messageOf(error).slice(0, MESSAGE_MAX_CHARS),
    stack: stack.length === 0 ? undefined : stack.join("\ncaused by ").slice(0, STACK_MAX_CHARS),
    ...(accepted && { accepted }),
  };
}
