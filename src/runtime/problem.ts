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

/** The stacks of an error and its causes, up to the first that cannot be read. */
function stacksOf(error: unknown): readonly string[] {
  const stacks: string[] = [];
  try {
    let cause = error;
    for (; cause instanceof Error && stacks.length < CAUSES_MAX; cause = cause.cause)
      stacks.push(String(cause.stack ?? cause));
  } catch {
    // A getter of a thrown object must not hide that it was thrown.
  }
  return stacks;
}

/**
 * Turns an error into what is kept with a delivery; its causes are part of the stack. What a person
 * has accepted of the delivery stays with it.
 */
export function problemOf(error: unknown, { accepted }: Pick<Attempt, "accepted">): Problem {
  const stack = stacksOf(error);
  return {
    code: codeOf(error),
    message: messageOf(error).slice(0, MESSAGE_MAX_CHARS),
    stack: stack.length === 0 ? undefined : stack.join("\ncaused by ").slice(0, STACK_MAX_CHARS),
    ...(accepted && { accepted }),
  };
}
