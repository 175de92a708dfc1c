import { codeOf, messageOf } from "../../contract/errors.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";

// SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = "23505";
const DISK_FULL = "53100";
/** Also for the id of a transaction that lies in the future. */
export const INVALID_PARAMETER = "22023";
/** "Cached plan must not change result type", among others. */
const FEATURE_NOT_SUPPORTED = "0A000";
const UNDEFINED_TABLE = "42P01";
const INVALID_SCHEMA = "3F000";
const INSUFFICIENT_PRIVILEGE = "42501";
const DUPLICATE_OBJECTS: readonly string[] = ["42P06", "42P07", "42723", "23505"];
/** Serialization failure, deadlock, lock not available, idle in transaction for too long. */
const BUSY: readonly string[] = ["40001", "40P01", "55P03", "25P03"];
/** Wrong user, password or database. */
const REFUSED: readonly string[] = ["28000", "28P01", "3D000"];
/**
 * Connection exceptions, insufficient resources, operator intervention, system errors, and a server
 * that only reads (a replica).
 */
const AWAY = /^(08...|53...|57...|58...|25006|XX000)$/;
const SQLSTATE = /^[0-9A-Z]{5}$/;

export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return SQLSTATE.test(code) && error instanceof Error && "severity" in error ? code : undefined;
}

export function isDuplicate(error: unknown, table: string): boolean {
  return (
    sqlState(error) === UNIQUE_VIOLATION &&
    error instanceof Error &&
    "table" in error &&
    error.table === table
  );
}

/** Two processes have created the same thing at once. */
export function isRaced(error: unknown): boolean {
  return DUPLICATE_OBJECTS.includes(sqlState(error) ?? "");
}

export function isMissing(error: unknown): boolean {
  const state = sqlState(error);
  return state === UNDEFINED_TABLE || state === INVALID_SCHEMA;
}

/** Whether a statement that was prepared no longer fits the tables: only a new connection helps. */
export function isOutdated(error: unknown): boolean {
  return sqlState(error) === FEATURE_NOT_SUPPORTED;
}

/** Serialization failure, deadlock, lock not available, a cancelled statement. */
const CONTENDED: readonly string[] = ["40001", "40P01", "55P03", "57014"];
/** The transaction is aborted, or there is none; the savepoint does not exist. */
const ENDED: readonly string[] = ["25P01", "25P02", "3B001"];

/** Tells whether a statement has met another transaction, or was cancelled. */
export function isContended(error: unknown): boolean {
  return CONTENDED.includes(sqlState(error) ?? "");
}

/** Tells whether a statement failed because its transaction or savepoint no longer exists. */
export function isEnded(error: unknown): boolean {
  return ENDED.includes(sqlState(error) ?? "");
}

export function isForbidden(error: unknown): boolean {
  return sqlState(error) === INSUFFICIENT_PRIVILEGE;
}

/**
 * Whether the server has said what became of the statement. Where it has not, a COMMIT may have
 * happened.
 */
export function isAnswered(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !AWAY.test(state);
}

/**
 * Tells a database that cannot be used now from a statement that is wrong; the latter is returned
 * as it came.
 */
export function explain(error: unknown, place: string): unknown {
  if (error instanceof StoreUnavailableError) return error;
  const state = sqlState(error);
  if (state === DISK_FULL) {
    return new StoreUnavailableError("STORE_FULL", `The database ${place} has no room left.`, {
      cause: error,
      hint: "Free some disk space; nothing was lost, and the service goes on by itself.",
    });
  }
  if (state !== undefined && BUSY.includes(state)) {
    return new StoreUnavailableError(
      "STORE_BUSY",
      `Another transaction is in the way in ${place}: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "It is tried again; if it lasts, look for a long transaction in pg_stat_activity.",
      },
    );
  }
  if (state !== undefined && REFUSED.includes(state)) {
    return new StoreUnavailableError(
      "STORE_UNAVAILABLE",
      `The database ${place} refuses the login: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "Check user, password and database.",
      },
    );
  }
  if (state === undefined ? isNetwork(error) : AWAY.test(state)) {
    return new StoreUnavailableError(
      "STORE_UNAVAILABLE",
      `The database ${place} cannot be used: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "Check that the server is running and can be reached; the service goes on by itself.",
      },
    );
  }
  return error;
}

/** What `pg` and Node say when there is no connection, or none any more; they give no SQLSTATE. */
function isNetwork(error: unknown): boolean {
  return (
    /^(E[A-Z]+|ERR_(SSL|TLS|SOCKET)_?.*)$/.test(codeOf(error)) ||
    /connection (terminated|error|ended)|not queryable|timeout (exceeded|expired)|read timeout|server does not support SSL/i.test(
      messageOf(error),
    )
  );
}
