/**
 * The tables of a projection. It is disposable: with another version, or deleted, it is built again
 * from the journals.
 */
export const PROJECTION_VERSION = 1;

/** Tells a projection from any other SQLite file: "odop". Only a projection is ever dropped. */
export const PROJECTION_MARK = 0x6f_64_6f_70;

export const PROJECTION_TABLES = `
  CREATE TABLE source (
    service TEXT PRIMARY KEY,
    cursor  TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE saga (
    id          TEXT PRIMARY KEY,
    correlation TEXT,
    began       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    verdict     TEXT NOT NULL,
    ended       TEXT,
    steps       INTEGER NOT NULL,
    open        INTEGER NOT NULL,
    oldest      INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX saga_verdict ON saga (verdict, last DESC, id);
  CREATE INDEX saga_open ON saga (id) WHERE open > 0;
  CREATE TABLE delivery (
    saga     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    stem     TEXT NOT NULL,
    state    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    due      INTEGER
  ) STRICT;
  CREATE INDEX delivery_saga ON delivery (saga);
  CREATE TABLE account (
    stem     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    emitted  INTEGER NOT NULL,
    handled  INTEGER NOT NULL,
    PRIMARY KEY (stem, service, reaction)
  ) STRICT, WITHOUT ROWID;`;
