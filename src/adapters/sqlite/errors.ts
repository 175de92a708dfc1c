import { messageOf } from "../../contract/errors.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";

// Primary result codes, the low byte of the extended ones: https://sqlite.org/rescode.html
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
const UNAVAILABLE: readonly number[] = [READONLY, IOERR, CORRUPT, CANTOPEN, NOTADB];

function resultCode(error: unknown): number | undefined {
  if (
    typeof error !== "object" ||
    error === null ||
    !("errcode" in error) ||
    typeof error.errcode !== "number"
  )
    return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
}

/**
 * Translates an error of SQLite. Returns a `StoreUnavailableError` if the database cannot be used
 * now, else `error` itself, such as for an invalid statement.
 */
export function explain(error: unknown, path: string): unknown {
  const code = resultCode(error);
  if (code === FULL) {
    return new StoreUnavailableError("STORE_FULL", `The database ${path} has no room left.`, {
      cause: error,
      hint: "Free some disk space; nothing was lost, and a running service continues by itself.",
    });
  }
  if (isBusy(error)) {
    return new StoreUnavailableError(
      "STORE_BUSY",
      `Another process keeps the database ${path} locked.`,
      { cause: error, hint: "Look for a long transaction, or an open shell on that file." },
    );
  }
  if (code !== undefined && UNAVAILABLE.includes(code)) {
    return new StoreUnavailableError(
      "STORE_UNAVAILABLE",
      `The database ${path} cannot be used: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "Check that it is a SQLite file, and that this user may write it and its folder.",
      },
    );
  }
  return error;
}
