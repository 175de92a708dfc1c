import { OdoriError } from "../../contract/errors.ts";
import { notOurs } from "../../ports/errors.ts";
import type { Connection } from "./sql.ts";

/**
 * One script for each version, oldest first. A released script never changes.
 *
 * Rowids are in order of arrival, so the oldest rows are the first ones. The outbox uses
 * AUTOINCREMENT, because a ticket must never be used twice.
 */
const MIGRATIONS = [
  `CREATE TABLE odori_inbox (
     seq          INTEGER PRIMARY KEY,
     reaction     TEXT NOT NULL,
     source       TEXT NOT NULL,
     id           TEXT NOT NULL,
     type         TEXT NOT NULL,
     saga_id      TEXT NOT NULL,
     causation_id TEXT,
     disposition  TEXT NOT NULL,
     effect       TEXT,
     emitted      TEXT NOT NULL,
     at           INTEGER NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX odori_inbox_key ON odori_inbox (id, reaction, source);
   CREATE INDEX odori_inbox_saga ON odori_inbox (saga_id);
   CREATE TABLE odori_fence (
     saga_id TEXT NOT NULL,
     name    TEXT NOT NULL,
     state   TEXT NOT NULL,
     PRIMARY KEY (saga_id, name)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE odori_outbox (
     ticket INTEGER PRIMARY KEY AUTOINCREMENT,
     owner  TEXT,
     count  INTEGER NOT NULL,
     events TEXT NOT NULL,
     at     INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE odori_deferred (
     seq      INTEGER PRIMARY KEY AUTOINCREMENT,
     reaction TEXT NOT NULL,
     saga_id  TEXT NOT NULL,
     source   TEXT NOT NULL,
     id       TEXT NOT NULL,
     state    TEXT NOT NULL,
     attempts INTEGER NOT NULL,
     due_at   INTEGER NOT NULL,
     owner    TEXT,
     problem  TEXT,
     malformed INTEGER NOT NULL,
     body     TEXT NOT NULL,
     at       INTEGER NOT NULL,
     reason   TEXT
   ) STRICT;
   CREATE INDEX odori_deferred_at ON odori_deferred (saga_id, reaction, state);
   CREATE INDEX odori_deferred_due ON odori_deferred (due_at) WHERE state IN ('retrying', 'armed');
   CREATE INDEX odori_deferred_blocking ON odori_deferred (state)
     WHERE state IN ('retrying', 'waiting', 'parked');
   CREATE TABLE odori_member (
     owner      TEXT PRIMARY KEY,
     expires_at INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE odori_meta (
     key   TEXT PRIMARY KEY,
     value TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;`,
] as const;

/**
 * Creates or migrates the tables inside the open transaction; a new database then belongs to
 * `service`. Throws `STORE_NOT_OURS` or `STORE_VERSION`.
 */
export function migrate(connection: Connection, service: string): void {
  const version = versionOf(connection) ?? 0;
  checkVersion(connection, version);
  for (const script of MIGRATIONS.slice(version)) connection.exec(script);
  if (version === 0)
    connection.run("INSERT INTO odori_meta (key, value) VALUES ('service', ?)", service);
  connection.run(
    "INSERT OR REPLACE INTO odori_meta (key, value) VALUES ('version', ?)",
    String(MIGRATIONS.length),
  );
  const owner = String(connection.get("SELECT value FROM odori_meta WHERE key = 'service'")?.value);
  if (owner !== service) throw notOurs(service, owner);
}

/** Returns the service that owns the tables; throws `DATA_NOT_FOUND` or `STORE_VERSION`. */
export function checkSchema(connection: Connection): string {
  const version = versionOf(connection);
  if (version === undefined) {
    throw new OdoriError("DATA_NOT_FOUND", `The database ${connection.path} holds no saga.`, {
      hint: "Name a database that a service has used.",
    });
  }
  checkVersion(connection, version);
  return String(connection.get("SELECT value FROM odori_meta WHERE key = 'service'")?.value);
}

function versionOf(connection: Connection): number | undefined {
  if (connection.get("SELECT 1 FROM sqlite_schema WHERE name = 'odori_meta'") === undefined)
    return undefined;
  return Number(connection.get("SELECT value FROM odori_meta WHERE key = 'version'")?.value);
}

function checkVersion(connection: Connection, version: number): void {
  if (version <= MIGRATIONS.length) return;
  throw new OdoriError(
    "STORE_VERSION",
    `The database ${connection.path} has schema version ${version}; ` +
      `this version of Odori knows ${MIGRATIONS.length}.`,
    { hint: "Use the newer version of Odori that wrote it." },
  );
}
