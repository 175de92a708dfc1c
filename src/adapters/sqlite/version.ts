import type { Connection } from "./sql.ts";

/**
 * The first version without the WAL-reset bug, which damages a database that several processes
 * write: https://sqlite.org/wal.html#walresetbug
 */
const SAFE = [3, 51, 3] as const;

/** Returns the version of SQLite, and a warning if it has a known fault. */
export function examineVersion(connection: Connection): {
  readonly version: string;
  readonly warning: string | undefined;
} {
  const version = String(connection.get("SELECT sqlite_version() AS version")?.version);
  if (isSafe(version)) return { version, warning: undefined };
  return {
    version,
    warning:
      `SQLite ${version} may damage a database that several processes write; ` +
      `${SAFE.join(".")} and later do not. Use a newer Node.`,
  };
}

/** Whether a version, such as `3.51.3`, is free of the fault. */
export function isSafe(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [index, least] of SAFE.entries()) {
    const part = parts[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
