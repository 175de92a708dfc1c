import { connectionFaultOf } from "../../adapter/connection-fault.ts";
import { codeOf, messageOf, OdoriError } from "../../contract/errors.ts";
import { type ConnectionFault, refusedConnection } from "../../ports/connection.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";

// SQLSTATE codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
const UNIQUE_VIOLATION = "23505";
const DISK_FULL = "53100";
/** Also the error for a transaction id in the future. */
export const INVALID_PARAMETER = "22023";
const FEATURE_NOT_SUPPORTED = "0A000";
/** Where the server finds that a cached plan must not change its result type. */
const REVALIDATION = "RevalidateCachedQuery";
/** A prepared statement that is not there any more. */
const INVALID_STATEMENT_NAME = "26000";
const UNDEFINED_TABLE = "42P01";
const INVALID_SCHEMA = "3F000";
const INSUFFICIENT_PRIVILEGE = "42501";
const DUPLICATE_OBJECTS: readonly string[] = ["42P06", "42P07", "42723", "23505"];
/** Serialization failure, deadlock, lock not available, idle-in-transaction timeout. */
const BUSY: readonly string[] = ["40001", "40P01", "55P03", "25P03"];
/** Invalid user, password or certificate of the client. */
const REFUSED: readonly string[] = ["28000", "28P01"];
const UNDEFINED_DATABASE = "3D000";
/** Of `pg`, where the server asks for a password and the client has none. */
const NO_PASSWORD = "client password must be a string";
/** Of `pg`, where the server has no TLS. */
const NO_TLS = "server does not support SSL";
/** What a server that asks for TLS says of a client without it, before and since Postgres 14. */
const WITHOUT_TLS = /no encryption|SSL off/;
/**
 * Connection exceptions, insufficient resources, operator intervention, system errors, and writing
 * to a replica.
 */
const AWAY = /^(08...|53...|57...|58...|25006|XX000)$/;
/** Messages of `pg` that have no code. */
const LOST =
  /connection (terminated|error|ended)|not queryable|timeout (exceeded|expired)|read timeout/i;
const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Returns the SQLSTATE of an error of the server; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const code = codeOf(error);
  return SQLSTATE.test(code) && error instanceof Error && "severity" in error ? code : undefined;
}

/** Whether an inbox row with the same key exists, in any partition. */
export function isDuplicate(error: unknown): boolean {
  return (
    sqlState(error) === UNIQUE_VIOLATION &&
    error instanceof Error &&
    "table" in error &&
    /^inbox_(rest|w\d+)$/.test(String(error.table))
  );
}

/** Whether two processes created the same object at once. */
export function isRaced(error: unknown): boolean {
  return DUPLICATE_OBJECTS.includes(sqlState(error) ?? "");
}

/** Whether the table or schema does not exist. */
export function isMissing(error: unknown): boolean {
  const state = sqlState(error);
  return state === UNDEFINED_TABLE || state === INVALID_SCHEMA;
}

/** Whether the server does not know the name of a prepared statement. */
export function isUnprepared(error: unknown): boolean {
  return sqlState(error) === INVALID_STATEMENT_NAME;
}

/**
 * Whether what is prepared on the connection no longer fits the tables, or is gone: it needs a new
 * connection.
 */
export function isOutdated(error: unknown): boolean {
  if (isUnprepared(error)) return messageOf(error).includes("odori_");
  const routine = error instanceof Error && "routine" in error ? error.routine : undefined;
  return sqlState(error) === FEATURE_NOT_SUPPORTED && routine === REVALIDATION;
}

const CANCELED = "57014";
/** Serialization failure, deadlock, lock not available, a cancelled statement. */
const CONTENDED: readonly string[] = ["40001", "40P01", "55P03", CANCELED];
/** The transaction is aborted, or there is none; the savepoint does not exist. */
const ENDED: readonly string[] = ["25P01", "25P02", "3B001"];

/** Tells whether a statement has met another transaction, or was cancelled. */
export function isContended(error: unknown): boolean {
  return CONTENDED.includes(sqlState(error) ?? "");
}

/** Tells whether a statement has met another transaction; a time limit does not count. */
export function isLocked(error: unknown): boolean {
  return isContended(error) && sqlState(error) !== CANCELED;
}

/** Tells whether a statement failed only because one before it had failed. */
export function isAborted(error: unknown): boolean {
  return sqlState(error) === "25P02";
}

/** Tells whether a statement failed because its transaction or savepoint no longer exists. */
export function isEnded(error: unknown): boolean {
  return ENDED.includes(sqlState(error) ?? "");
}

/** By which the server ends a connection in the middle of a statement: a shutdown, or a person. */
const SHUT_DOWN = /^57P0[123]$/;
/** The client has waited for a reply for too long. */
const SLOW = /timeout|timed ?out/i;

/** Tells whether a statement failed because its connection was lost. */
export function isLostConnection(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return SHUT_DOWN.test(state);
  return isNetwork(error) && !SLOW.test(`${codeOf(error)} ${messageOf(error)}`);
}

/**
 * The failure of a handler that went on after a statement had failed: that statement says why, and
 * the server says of all later ones only that the transaction is aborted.
 */
export function swallowedFailure(cause: unknown): Error {
  const message =
    `${messageOf(cause)}. The handler went on after this failure of a statement, and its ` +
    "transaction cannot: let it throw, or set a savepoint before the statement.";
  return Object.assign(new Error(message, { cause }), { code: codeOf(cause) });
}

export function isForbidden(error: unknown): boolean {
  return sqlState(error) === INSUFFICIENT_PRIVILEGE;
}

/** The same, or `STORE_FORBIDDEN` where the role of a command lacks a right to the tables. */
export function explainLooking(cause: unknown, place: string): unknown {
  if (!isForbidden(cause)) return cause;
  return new OdoriError(
    "STORE_FORBIDDEN",
    `This role may not do that in ${place}: ${messageOf(cause)}.`,
    {
      cause,
      hint:
        "To look takes USAGE and SELECT; to retry or discard, what `grants` prints; a test that " +
        "makes schemas, CREATE on the database.",
    },
  );
}

/** Whether the server has replied to the statement. If not, a COMMIT may have taken effect. */
export function isAnswered(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !AWAY.test(state);
}

/**
 * Translates an error of the client. Returns a `StoreUnavailableError` if the database cannot be
 * used now, else `error` itself, such as for an invalid statement.
 */
export function explain(error: unknown, place: string): unknown {
  if (error instanceof StoreUnavailableError) return error;
  const state = sqlState(error);
  if (state === DISK_FULL) {
    return new StoreUnavailableError("STORE_FULL", `The database ${place} has no room left.`, {
      cause: error,
      hint: "Free some disk space; nothing was lost, and a running service continues by itself.",
    });
  }
  if (state !== undefined && BUSY.includes(state)) {
    return new StoreUnavailableError(
      "STORE_BUSY",
      `Another transaction in ${place} blocks this one: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "It is retried; if this persists, look for a long transaction in pg_stat_activity.",
      },
    );
  }
  const fault = faultOf(error);
  if (fault !== undefined)
    return new StoreUnavailableError(fault, ...refusedConnection(fault, place, error));
  if (state === undefined ? isNetwork(error) : AWAY.test(state) || state === UNDEFINED_DATABASE) {
    return new StoreUnavailableError(
      "STORE_UNAVAILABLE",
      `The database ${place} cannot be used: ${messageOf(error)}.`,
      {
        cause: error,
        hint: "Check that the server is up and reachable; a running service continues by itself.",
      },
    );
  }
  return error;
}

/** Why the server, or this client, refuses the connection. */
function faultOf(error: unknown): ConnectionFault | undefined {
  const message = messageOf(error);
  if (REFUSED.includes(sqlState(error) ?? ""))
    return WITHOUT_TLS.test(message) ? "TLS_MISMATCH" : "LOGIN_REFUSED";
  if (message.includes(NO_PASSWORD)) return "LOGIN_REFUSED";
  return message.includes(NO_TLS) ? "TLS_MISMATCH" : connectionFaultOf(error);
}

/**
 * The same, for an error of connecting: each says that the database cannot be used now, also
 * one of a function that reads the password.
 */
export function explainConnecting(error: unknown, place: string): unknown {
  const explained = explain(error, place);
  if (explained instanceof OdoriError || sqlState(error) !== undefined) return explained;
  return new StoreUnavailableError(
    "STORE_UNAVAILABLE",
    `The database ${place} cannot be connected to: ${messageOf(error)}.`,
    {
      cause: error,
      hint: "Check the options of the connection; a running service continues by itself.",
    },
  );
}

/** Whether `pg` or Node reports a missing or lost connection; neither has a SQLSTATE. */
function isNetwork(error: unknown): boolean {
  return /^(E[A-Z]+|ERR_(SSL|TLS|SOCKET)_?.*)$/.test(codeOf(error)) || LOST.test(messageOf(error));
}
