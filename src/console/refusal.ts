import type { ErrorCode } from "../contract/error-catalogue.ts";
import { codeOf, messageOf } from "../contract/errors.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type { Failure } from "./wire.ts";

/** A reply that is not 2xx, thrown by what handles a request. */
export class ConsoleRefusal extends Error {
  readonly status: number;
  readonly code: ErrorCode;

  constructor(status: number, code: ErrorCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What the services of `odori dev` say to what a person has asked of them: it is told as it is. */
export class DevFailure extends Error {
  readonly code: string;

  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.code = codeOf(cause);
  }
}

export function queryInvalid(message: string): ConsoleRefusal {
  return new ConsoleRefusal(400, "QUERY_INVALID", message);
}

/** A source that is needed cannot be read now. */
export function storeAway(): StoreUnavailableError {
  return new StoreUnavailableError("STORE_UNAVAILABLE", "The store cannot be read now.");
}

/** Codes of errors about what a person has asked for; their messages say nothing else. */
const TOLD: readonly string[] = ["NOT_PARKED", "PICTURE_TOO_LARGE"];

/** The reply to a request that failed. The message of an error may name hosts, so it stays here. */
export function failureOf(error: unknown): { readonly status: number; readonly body: Failure } {
  const failure = (status: number, code: string, message: string) => ({
    status,
    body: { error: { code, message } },
  });
  if (error instanceof ConsoleRefusal) return failure(error.status, error.code, error.message);
  if (error instanceof DevFailure) return failure(422, error.code, error.message);
  const code = codeOf(error);
  if (error instanceof StoreUnavailableError)
    return failure(503, code, "A database cannot be used now.");
  if (TOLD.includes(code)) return failure(409, code, "It is not possible: see the code.");
  return failure(500, "REQUEST_FAILED", "The request failed.");
}
