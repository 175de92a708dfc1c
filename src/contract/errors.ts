import { docsOf, type ErrorCode } from "./error-catalogue.ts";

/** What an error may carry besides its code and message. */
export interface ErrorDetails {
  /** What to do about it, as one sentence; it ends the message. */
  readonly hint?: string;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The base of every error of Odori. It has a stable `code`, keeps its `cause`, says in `hint` what
 * to do, and names in `docs` the address of its section in the reference.
 *
 * @example
 * ```ts
 * import { OdoriError } from "odori";
 *
 * try {
 *   throw new OdoriError("OPTION_INVALID", "batchMax is 0.", { hint: "Use 1 or more." });
 * } catch (error) {
 *   if (error instanceof OdoriError) console.error(error.code, error.hint, error.docs);
 * }
 * ```
 */
export class OdoriError extends Error {
  override readonly name: string = "OdoriError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  /** The address of the code's section in the reference; the last line of `message`. */
  readonly docs: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    const docs = docsOf(code);
    const hint = details.hint === undefined ? "" : ` ${details.hint}`;
    super(
      `${message}${hint}${lastLine(docs)}`,
      "cause" in details ? { cause: details.cause } : undefined,
    );
    this.code = code;
    this.hint = details.hint;
    this.docs = docs;
  }
}

/**
 * Says that a retry cannot help: a handler that throws it has its delivery parked at once.
 * Any other error of a handler is retried, up to `retry.attempts` attempts.
 *
 * @example
 * ```ts
 * import { PermanentError, service } from "odori";
 * import { orderPlaced } from "./contracts.ts";
 *
 * service("mail").on(orderPlaced, {
 *   handle({ data }) {
 *     if (data.orderId === "") throw new PermanentError("The order has no id.");
 *   },
 * });
 * ```
 */
export class PermanentError extends OdoriError {
  override readonly name = "PermanentError";

  constructor(message: string, details: ErrorDetails = {}) {
    super("PERMANENT", message, details);
  }
}

/**
 * Returns the code of any thrown value: an `ErrorCode`, Node's (`ENOSPC`), or `HANDLER_FAILED` for
 * an error without a code.
 *
 * @example
 * ```ts
 * import { codeOf } from "odori";
 *
 * codeOf(new Error("connection reset")); // "HANDLER_FAILED"
 * ```
 */
export function codeOf(error: unknown): string {
  try {
    if (
      typeof error === "object" &&
      error !== null &&
      "code" in error &&
      typeof error.code === "string"
    )
      return error.code;
  } catch {
    // A thrown object's own getters must not hide that it was thrown.
  }
  return "HANDLER_FAILED";
}

/**
 * Returns the message of any thrown value without the address of the reference, so that it can be
 * part of a sentence.
 *
 * @example
 * ```ts
 * import { messageOf } from "odori/adapter";
 *
 * const shown = (error: unknown) => `The broker refuses the login: ${messageOf(error)}.`;
 * ```
 */
export function messageOf(error: unknown): string {
  const message = plainMessage(error);
  const ending = docsEnding(error);
  return message.endsWith(ending) ? message.slice(0, message.length - ending.length) : message;
}

function docsEnding(error: unknown): string {
  try {
    return error instanceof OdoriError ? lastLine(error.docs) : "";
  } catch {
    return "";
  }
}

/** Never throws: an object without a prototype, for one, cannot be turned into text. */
function plainMessage(error: unknown): string {
  try {
    // What is thrown may have the message of an error, and be none.
    const told = typeof error === "object" && error !== null && "message" in error;
    return told ? String(error.message) : String(error);
  } catch {
    return "The thrown value cannot be turned into text.";
  }
}

/** On a line of its own, a terminal or an editor turns the address into a link. */
function lastLine(docs: string): string {
  return `\nSee ${docs}`;
}
