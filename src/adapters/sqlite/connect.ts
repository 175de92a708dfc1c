import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { messageOf, OdoriError } from "../../contract/errors.ts";
import { StoreUnavailableError } from "../../ports/errors.ts";
import { explain, isBusy } from "./errors.ts";
import { Connection } from "./sql.ts";

/** How to open a database. */
export interface ConnectOptions {
  /** How long to wait for another process's transaction, in milliseconds. */
  readonly busyTimeoutMs: number;
  /** Largest size of the file; a larger write fails with `STORE_FULL`. */
  readonly maxBytes: number | undefined;
}

/** SQLite's own wait blocks the process, so it is short; `begin` waits without blocking. */
const BLOCKING_WAIT_MS = 5;
const PAUSE_MAX_MS = 50;

/**
 * Opens a file for durable writing: WAL, and an fsync at every commit. Builds of SQLite differ in
 * their defaults, so both are set and read back. Throws `STORE_UNSAFE`.
 */
export function connect(path: string, options: ConnectOptions): Connection {
  const connection = new Connection(path, openFile(path));
  try {
    configure(connection, options);
    return connection;
  } catch (error) {
    connection.database.close();
    throw error;
  }
}

/**
 * Opens a file as `connect` does, and waits for others as `begin` does: when two processes turn a
 * new file into one with WAL, or the last one of its users closes it, SQLite refuses at once and
 * does not apply its own timeout (https://sqlite.org/c3ref/busy_handler.html).
 */
export function connectPatiently(path: string, options: ConnectOptions): Promise<Connection> {
  const attempt = { ...options, busyTimeoutMs: BLOCKING_WAIT_MS };
  return whileBusy(path, options.busyTimeoutMs, () => connect(path, attempt));
}

function configure(connection: Connection, options: ConnectOptions): void {
  connection.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
  const journal = connection.get("PRAGMA journal_mode = WAL")?.journal_mode;
  connection.exec("PRAGMA synchronous = FULL");
  const synchronous = connection.get("PRAGMA synchronous")?.synchronous;
  const inMemory = connection.database.location() === null;
  if (synchronous !== 2 || (journal !== "wal" && !inMemory)) {
    throw new OdoriError(
      "STORE_UNSAFE",
      `The database ${connection.path} has journal_mode=${journal} and ` +
        `synchronous=${synchronous}; a commit is durable only with wal and 2 (FULL).`,
      { hint: "Put it on a local file system that supports shared memory." },
    );
  }
  connection.exec(`PRAGMA busy_timeout = ${BLOCKING_WAIT_MS}`);
  if (options.maxBytes !== undefined) {
    const pageSize = Number(connection.get("PRAGMA page_size")?.page_size);
    connection.get(
      `PRAGMA max_page_count = ${Math.max(1, Math.floor(options.maxBytes / pageSize))}`,
    );
  }
}

/** Opens a service's database for inspection: creates and converts nothing. */
export function connectToExisting(path: string, { busyTimeoutMs }: ConnectOptions): Connection {
  checkExists(path);
  const connection = new Connection(path, openFile(path));
  connection.exec(`PRAGMA synchronous = FULL; PRAGMA busy_timeout = ${busyTimeoutMs}`);
  return connection;
}

/** Opens a service's database so that nothing can be written to it. */
export function connectReadOnly(path: string, busyTimeoutMs: number): Connection {
  checkExists(path);
  const connection = new Connection(path, openFile(path, { readOnly: true }));
  connection.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  return connection;
}

function checkExists(path: string): void {
  if (existsSync(path)) return;
  throw new OdoriError("DATA_NOT_FOUND", `The database ${path} does not exist.`, {
    hint: "Name the file of a service.",
  });
}

/**
 * Runs BEGIN IMMEDIATE; waits for the lock without blocking the process. Throws `STORE_BUSY` after
 * `busyTimeoutMs`.
 */
export function begin(connection: Connection, busyTimeoutMs: number): Promise<void> {
  return whileBusy(connection.path, busyTimeoutMs, () =>
    connection.database.exec("BEGIN IMMEDIATE"),
  );
}

/** Tries until no other process holds the lock. Throws `STORE_BUSY` after `busyTimeoutMs`. */
async function whileBusy<T>(path: string, busyTimeoutMs: number, attempt: () => T): Promise<T> {
  const until = performance.now() + busyTimeoutMs;
  for (let attempts = 0; ; attempts++) {
    try {
      return attempt();
    } catch (error) {
      const refused = error instanceof StoreUnavailableError ? error.cause : error;
      if (!isBusy(refused) || performance.now() >= until) throw explain(error, path);
    }
    // Growing pauses with jitter, so that two processes do not retry in step.
    await pause(Math.random() * Math.min(PAUSE_MAX_MS, 2 ** attempts));
  }
}

/** Commits; after a failed COMMIT nothing is committed. */
export function commit(connection: Connection): void {
  try {
    connection.database.exec("COMMIT");
  } catch (error) {
    // A failed COMMIT leaves the transaction open, or has rolled it back.
    rollback(connection);
    throw explain(error, connection.path);
  }
}

/** Runs `work`, whose commits survive the process, and need not survive a power failure. */
export async function unsynced<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  connection.exec("PRAGMA synchronous = NORMAL");
  try {
    return await work();
  } finally {
    connection.exec("PRAGMA synchronous = FULL");
  }
}

/** Rolls back, if a transaction is open. */
export function rollback(connection: Connection): void {
  if (connection.database.isTransaction) connection.database.exec("ROLLBACK");
}

function openFile(path: string, { readOnly = false } = {}): DatabaseSync {
  try {
    return new DatabaseSync(path, { readOnly });
  } catch (cause) {
    const error = explain(cause, path);
    if (error instanceof OdoriError) throw error;
    throw new OdoriError(
      "STORE_UNAVAILABLE",
      `The database ${path} cannot be opened: ${messageOf(cause)}.`,
      {
        cause,
        hint: "Check that its folder exists and that this user may write there.",
      },
    );
  }
}
