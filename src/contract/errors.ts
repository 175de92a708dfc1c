/**
 * Every error of Odori carries a stable `code`, keeps its `cause`, and says in `hint` what to do
 * about it. Codes are part of the public interface: they never change their meaning.
 */
export type ErrorCode =
  // contracts and payloads
  | "NAME_GRAMMAR"
  | "SCHEMA_UNUSABLE"
  | "PAYLOAD_INVALID"
  | "PAYLOAD_NOT_JSON"
  | "PAYLOAD_TOO_LARGE"
  | "ATTRIBUTE_INVALID"
  // declarations
  | "DECLARATION_INVALID"
  | "REACTION_NAME_TAKEN"
  | "UNKNOWN_EFFECT"
  | "DURATION_INVALID"
  // messages from outside
  | "MESSAGE_MALFORMED"
  | "MESSAGE_TOO_LARGE"
  | "UNKNOWN_TYPE"
  | "DUPLICATE_DELIVERY"
  // running
  | "PERMANENT"
  | "HANDLER_FAILED"
  | "HANDLER_TIMEOUT"
  | "HANDLER_SLOW"
  | "UNDECLARED_OUTCOME"
  | "OUTBOX_FULL"
  | "STOPPED"
  | "RETENTION_TOO_SHORT"
  | "OPTION_INVALID"
  // parked deliveries
  | "NOT_PARKED"
  // stores
  | "STORE_UNAVAILABLE"
  | "STORE_FULL"
  | "STORE_BUSY"
  | "STORE_UNSAFE"
  | "STORE_FORBIDDEN"
  | "STORE_NOT_OURS"
  | "STORE_VERSION"
  | "TRANSACTION_CLOSED"
  | "TRANSACTION_SHARED"
  | "TRANSACTION_ENDED"
  | "TRANSACTION_CONTROL"
  | "STATEMENT_NOT_AWAITED"
  | "STORE_CONTENDED"
  // buses
  | "BUS_CLOSED"
  | "BUS_UNAVAILABLE"
  | "BUS_FORBIDDEN"
  | "BUS_TOPOLOGY"
  | "UNROUTABLE"
  | "GROUP_UNKNOWN"
  | "GROUP_AWAY"
  // the command
  | "USAGE"
  | "MODULE_UNREADABLE"
  | "FILE_UNREADABLE"
  | "MANIFEST_INVALID"
  | "CONFIG_INVALID"
  | "NOT_IN_CHOREOGRAPHY"
  | "PICTURE_TOO_LARGE"
  | "DATA_NOT_FOUND";

export interface ErrorDetails {
  /** What the reader should do about it, as one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

export class OdoriError extends Error {
  override readonly name: string = "OdoriError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(
      details.hint === undefined ? message : `${message} ${details.hint}`,
      "cause" in details ? { cause: details.cause } : undefined,
    );
    this.code = code;
    this.hint = details.hint;
  }
}

/**
 * Thrown by a handler to say that no retry will help: the delivery is parked at once.
 * Everything else that a handler throws is taken for a passing failure and retried.
 */
export class PermanentError extends OdoriError {
  override readonly name = "PermanentError";

  constructor(message: string, details: ErrorDetails = {}) {
    super("PERMANENT", message, details);
  }
}

/**
 * The stable code of anything thrown: ours, Node's (`ENOSPC`), or `HANDLER_FAILED` for an error
 * without one.
 */
export function codeOf(error: unknown): string {
  if (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string"
  )
    return error.code;
  return "HANDLER_FAILED";
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
