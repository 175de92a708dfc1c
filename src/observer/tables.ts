/**
 * The tables of a projection. It is disposable: with another version, or deleted, it is built again
 * from the journals. Only what people did is not in them (action-table.ts).
 */
export const PROJECTION_VERSION = 10;

/** Tells a projection from any other SQLite file: "odop". Only a projection is ever dropped. */
export const PROJECTION_MARK = 0x6f_64_6f_70;

/** The state of a delivery that is not open: its saga came to rest there. */
export const RESTS = "rests";

/** Tables whose rows follow from the journals alone. */
export const FOLLOWING_TABLES = [
  ...["source", "saga", "delivery", "early", "parked", "account", "tally", "took", "edge", "rate"],
  ...["forgotten"],
] as const;

/*
 * Sagas are listed by the time when they began, which never changes: a page stays where it is while
 * its sagas go on. An open delivery repeats that time, and the verdict of its saga, so that the
 * sagas that wait for a service are a range of one index. So does the place where a stuck saga came
 * to rest, which is kept among them: it is at a place of the map as well, and open in no sum.
 */
export const PROJECTION_TABLES = `
  CREATE TABLE source (
    service  TEXT PRIMARY KEY,
    cursor   TEXT,
    declared TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE saga (
    id          TEXT PRIMARY KEY,
    correlation TEXT,
    began       INTEGER NOT NULL,
    last        INTEGER NOT NULL,
    verdict     TEXT NOT NULL,
    ended       TEXT,
    took        INTEGER,
    steps       INTEGER NOT NULL,
    open        INTEGER NOT NULL,
    deferred    INTEGER NOT NULL,
    -- The disposition of the step at which it rests; its row of the table delivery says where.
    rests       TEXT,
    -- Services that could not be read: it is judged again when they are back.
    unread      TEXT,
    -- Services of which no source was named.
    unnamed     TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX saga_began ON saga (began, id);
  CREATE INDEX saga_verdict ON saga (verdict, began, id);
  CREATE INDEX saga_correlation ON saga (correlation, began, id) WHERE correlation IS NOT NULL;
  CREATE INDEX saga_open ON saga (id) WHERE open > 0;
  CREATE INDEX saga_deferred ON saga (id) WHERE deferred > 0;
  CREATE INDEX saga_unread ON saga (id) WHERE unread IS NOT NULL;
  -- Those that were to go on once a cause is told.
  CREATE INDEX saga_causeless ON saga (id)
    WHERE verdict = 'running' AND open = 0 AND unread IS NULL AND unnamed IS NULL;
  CREATE TABLE delivery (
    saga     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    stem     TEXT NOT NULL,
    state    TEXT NOT NULL,
    since    INTEGER NOT NULL,
    due      INTEGER,
    seq      INTEGER,
    type     TEXT NOT NULL,
    verdict  TEXT NOT NULL,
    began    INTEGER NOT NULL,
    -- 1 if no feed counts its emission.
    uncounted INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX delivery_saga ON delivery (saga);
  CREATE INDEX delivery_service ON delivery (service, verdict, began, saga);
  -- Who waits for an event, at a service or at any.
  CREATE INDEX delivery_event ON delivery (stem, service, verdict, began, saga);
  -- Who waits where, in the order in which it is grouped.
  CREATE INDEX delivery_place ON delivery (service, reaction, stem, verdict, saga);
  CREATE INDEX delivery_way ON delivery (verdict, since) WHERE state = 'on its way';
  CREATE TABLE early (
    saga     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    stem     TEXT NOT NULL,
    at       INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX early_saga ON early (saga);
  CREATE INDEX early_at ON early (at);
  CREATE TABLE parked (
    service  TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    saga     TEXT NOT NULL,
    reaction TEXT NOT NULL,
    type     TEXT NOT NULL,
    since    INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    code     TEXT NOT NULL,
    message  TEXT NOT NULL,
    PRIMARY KEY (service, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX parked_saga ON parked (saga);
  CREATE INDEX parked_since ON parked (since, service, seq);
  CREATE INDEX parked_group ON parked (service, reaction, code, since);
  CREATE TABLE account (
    stem     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    emitted  INTEGER NOT NULL,
    handled  INTEGER NOT NULL,
    discarded INTEGER NOT NULL,
    -- Sums over the table delivery: reading them from it took 149 ms with a million sagas.
    put_off  INTEGER NOT NULL,
    on_way   INTEGER NOT NULL,
    uncounted INTEGER NOT NULL,
    PRIMARY KEY (stem, service, reaction)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE tally (
    verdict TEXT PRIMARY KEY,
    n       INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE took (
    bucket INTEGER PRIMARY KEY,
    n      INTEGER NOT NULL,
    ms     INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE forgotten (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    n    INTEGER NOT NULL,
    -- When the one of them was last written to that was written to last.
    last INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE edge (
    id       INTEGER PRIMARY KEY,
    emitter  TEXT NOT NULL,
    stem     TEXT NOT NULL,
    service  TEXT NOT NULL,
    reaction TEXT NOT NULL,
    UNIQUE (emitter, stem, service, reaction)
  ) STRICT;
  CREATE TABLE rate (
    span   INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    edge   INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    bucket INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (span, at, edge, kind, bucket)
  ) STRICT, WITHOUT ROWID;`;
