import { OdoriError } from "../../contract/errors.ts";
import { markWithoutVersions, withoutVersions } from "../../contract/names.ts";
import { notOurs, storeNewer, storeOlder } from "../../ports/errors.ts";
import type { Connection } from "./sql.ts";

/**
 * One script for each version, oldest first. A released script never changes.
 *
 * AUTOINCREMENT, because a ticket must never be used twice, and neither must a place in the feed.
 * `born` is when a saga began: keys that begin with it keep rows of one time together.
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
  `CREATE TABLE odori_saga (
     saga_id TEXT PRIMARY KEY,
     born    INTEGER NOT NULL,
     last    INTEGER NOT NULL,
     marks   TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX odori_saga_born ON odori_saga (born, saga_id);
   INSERT INTO odori_saga (saga_id, born, last, marks)
     SELECT saga_id, min(at), max(at), '{}' FROM (
       SELECT saga_id, at FROM odori_inbox UNION ALL SELECT saga_id, at FROM odori_deferred)
     GROUP BY saga_id;
   INSERT OR IGNORE INTO odori_saga (saga_id, born, last, marks)
     SELECT DISTINCT saga_id, n.at, n.at, '{}' FROM odori_fence,
       (SELECT coalesce(max(at), 0) AS at FROM odori_inbox) AS n;
   UPDATE odori_saga SET marks = f.marks FROM (
     SELECT saga_id, json_group_object(name, state) AS marks FROM (
       SELECT saga_id, odori_first_mark(name) AS name,
         CASE WHEN max(state = 'done') THEN 'done' ELSE max(state) END AS state
       FROM odori_fence GROUP BY 1, 2)
     GROUP BY saga_id) AS f
     WHERE f.saga_id = odori_saga.saga_id;
   DROP TABLE odori_fence;
   DROP INDEX odori_inbox_key;
   DROP INDEX odori_inbox_saga;
   ALTER TABLE odori_inbox RENAME TO odori_inbox_1;
   CREATE TABLE odori_inbox (
     seq          INTEGER PRIMARY KEY AUTOINCREMENT,
     born         INTEGER NOT NULL,
     saga_id      TEXT NOT NULL,
     reaction     TEXT NOT NULL,
     source       TEXT NOT NULL,
     id           TEXT NOT NULL,
     stem         TEXT NOT NULL,
     type         TEXT NOT NULL,
     causation_id TEXT,
     disposition  TEXT NOT NULL,
     effect       TEXT,
     emitted      TEXT NOT NULL,
     attempt      INTEGER,
     duration_ms  INTEGER,
     fingerprint  TEXT,
     at           INTEGER NOT NULL
   ) STRICT;
   CREATE UNIQUE INDEX odori_inbox_key
     ON odori_inbox (born, saga_id, reaction, source, id, stem);
   INSERT OR IGNORE INTO odori_inbox (seq, born, saga_id, reaction, source, id, stem, type,
       causation_id, disposition, effect, emitted, at)
     SELECT i.seq, s.born, i.saga_id, odori_first_reaction(i.reaction), i.source, i.id,
       odori_first_reaction(i.type), i.type, i.causation_id, i.disposition,
       odori_first_reaction(i.effect), i.emitted, i.at
     FROM odori_inbox_1 AS i JOIN odori_saga AS s ON s.saga_id = i.saga_id ORDER BY i.seq;
   DROP TABLE odori_inbox_1;
   ALTER TABLE odori_deferred ADD COLUMN type TEXT NOT NULL DEFAULT '';
   ALTER TABLE odori_deferred ADD COLUMN claims INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE odori_deferred ADD COLUMN set_at INTEGER NOT NULL DEFAULT 0;
   UPDATE odori_deferred SET reaction = odori_first_reaction(reaction), set_at = at, type = CASE
     WHEN malformed OR NOT json_valid(body) THEN source
     ELSE coalesce(json_extract(body, '$[0].type'), source) END;
   CREATE INDEX odori_deferred_set ON odori_deferred (set_at)
     WHERE state IN ('retrying', 'armed');
   ALTER TABLE odori_member ADD COLUMN lease_ms INTEGER NOT NULL DEFAULT 0;
   CREATE TABLE odori_declaration (
     fingerprint TEXT PRIMARY KEY,
     manifest    TEXT NOT NULL,
     first_at    INTEGER NOT NULL,
     last_at     INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
  // A correlation id that is the saga's own is not kept: only others are looked up.
  `ALTER TABLE odori_inbox ADD COLUMN duplicates INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE odori_saga ADD COLUMN correlation_id TEXT;
   CREATE INDEX odori_saga_correlation ON odori_saga (correlation_id)
     WHERE correlation_id IS NOT NULL;`,
  // What the bus holds for the service, as a process has asked it.
  `ALTER TABLE odori_member ADD COLUMN backlog INTEGER;
   ALTER TABLE odori_member ADD COLUMN empty_at INTEGER;`,
  // What says whether a process lives: src/adapters/sqlite/member-lock.ts.
  `ALTER TABLE odori_member ADD COLUMN lock TEXT;
   ALTER TABLE odori_member ADD COLUMN died_at INTEGER;
   ALTER TABLE odori_member ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;`,
  // Why a process does not hear the bus, and since when.
  `ALTER TABLE odori_member ADD COLUMN bus_fault TEXT;
   ALTER TABLE odori_member ADD COLUMN bus_lost_at INTEGER;`,
] as const;

/**
 * The oldest version of the tables whose programs can use these. A migration that only adds leaves
 * it as it is, so that a deployment can be rolled back.
 */
const READS_FROM = 2;

/**
 * Creates or migrates the tables inside the open transaction; a new database then belongs to
 * `service`. Throws `STORE_NOT_OURS` or `STORE_VERSION`.
 */
export function migrate(connection: Connection, service: string): void {
  const version = versionOf(connection) ?? 0;
  checkVersion(connection, version);
  if (version < MIGRATIONS.length) defineNames(connection);
  for (const script of MIGRATIONS.slice(version)) connection.exec(script);
  if (version === 0) putMeta(connection, "service", service);
  if (version < MIGRATIONS.length) {
    putMeta(connection, "version", String(MIGRATIONS.length));
    putMeta(connection, "reads_from", String(READS_FROM));
  }
  const owner = String(connection.get("SELECT value FROM odori_meta WHERE key = 'service'")?.value);
  if (owner !== service) throw notOurs(service, owner);
}

/** Functions for the migration of version 1, whose rows have names of their own. */
function defineNames({ database }: Connection): void {
  const define = (name: string, rename: (text: string) => string) =>
    database.function(name, { deterministic: true }, (value) =>
      typeof value === "string" ? rename(value) : null,
    );
  define("odori_first_mark", markWithoutVersions);
  define("odori_first_reaction", withoutVersions);
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
  if (version < MIGRATIONS.length) throw storeOlder(connection.path, version, MIGRATIONS.length);
  return String(connection.get("SELECT value FROM odori_meta WHERE key = 'service'")?.value);
}

function versionOf(connection: Connection): number | undefined {
  if (connection.get("SELECT 1 FROM sqlite_schema WHERE name = 'odori_meta'") === undefined)
    return undefined;
  return Number(connection.get("SELECT value FROM odori_meta WHERE key = 'version'")?.value);
}

/** A newer version of the tables may be used if it says that it only added to ours. */
function checkVersion(connection: Connection, version: number): void {
  if (version <= MIGRATIONS.length) return;
  const found = connection.get("SELECT value FROM odori_meta WHERE key = 'reads_from'")?.value;
  if (Number(found ?? version) <= MIGRATIONS.length) return;
  throw storeNewer(connection.path, version, MIGRATIONS.length);
}

function putMeta(connection: Connection, key: string, value: string): void {
  connection.run("INSERT OR REPLACE INTO odori_meta (key, value) VALUES (?, ?)", key, value);
}
