import { isFinal } from "../contract/error-catalogue.ts";
import { codeOf, messageOf, OdoriError } from "../contract/errors.ts";
import type { Problem } from "../ports/deferred.ts";

/** Tells whether a retry cannot help: the catalogue says so of the error's code. */
export function isPermanent(error: unknown): boolean {
  return error instanceof OdoriError && isFinal(error.code);
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
