/**
 * One script for each version, oldest first; `$S` is the schema. A released script never changes.
 *
 * Times are milliseconds since 1970 on the database's clock, which only `now_ms` reads. Rows of the
 * outbox are deleted soon, so it is vacuumed early. `born` is when a saga began: keys that begin
 * with it keep rows of one time together, in partitions of one week each.
 *
 * A role that may not change tables makes and drops partitions with two functions of the owner.
 * `drop_partition` verifies that all sagas are closed without a lock; then the lock is short, since
 * each later write would have changed the feed.
 */
export const STORE_TABLES: readonly string[] = [
  `CREATE FUNCTION $S.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
     'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
   CREATE TABLE $S.inbox (
     seq          bigint GENERATED ALWAYS AS IDENTITY,
     reaction     text NOT NULL,
     source       text NOT NULL,
     id           text NOT NULL,
     type         text NOT NULL,
     saga_id      text NOT NULL,
     causation_id text,
     disposition  text NOT NULL,
     effect       text,
     emitted      text NOT NULL,
     at           bigint NOT NULL,
     PRIMARY KEY (id, reaction, source)
   );
   CREATE INDEX inbox_saga ON $S.inbox (saga_id);
   CREATE INDEX inbox_at ON $S.inbox (at);
   CREATE TABLE $S.fence (
     saga_id text NOT NULL,
     name    text NOT NULL,
     state   text NOT NULL,
     PRIMARY KEY (saga_id, name)
   );
   CREATE TABLE $S.outbox (
     ticket bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     owner  text,
     count  integer NOT NULL,
     events text NOT NULL,
     at     bigint NOT NULL
   ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
   CREATE TABLE $S.deferred (
     seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     reaction  text NOT NULL,
     saga_id   text NOT NULL,
     source    text NOT NULL,
     id        text NOT NULL,
     state     text NOT NULL,
     attempts  integer NOT NULL,
     due_at    bigint NOT NULL,
     owner     text,
     problem   text,
     malformed boolean NOT NULL,
     body      text NOT NULL,
     at        bigint NOT NULL,
     reason    text
   ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
   CREATE INDEX deferred_at ON $S.deferred (saga_id, reaction, state);
   CREATE INDEX deferred_due ON $S.deferred (due_at) WHERE state IN ('retrying', 'armed');
   CREATE TABLE $S.member (owner text PRIMARY KEY, expires_at bigint NOT NULL);`,
  `CREATE TABLE $S.saga (
     saga_id text COLLATE "C" PRIMARY KEY,
     born    bigint NOT NULL,
     last    bigint NOT NULL,
     marks   jsonb NOT NULL
   ) WITH (fillfactor = 70);
   CREATE INDEX saga_born ON $S.saga (born, saga_id);
   INSERT INTO $S.saga (saga_id, born, last, marks)
     SELECT saga_id, min(at), max(at), '{}'
     FROM (SELECT saga_id, at FROM $S.inbox UNION ALL SELECT saga_id, at FROM $S.deferred) AS rows
     GROUP BY saga_id;
   CREATE FUNCTION $S.first_reaction(name text) RETURNS text LANGUAGE sql IMMUTABLE AS
     $odori$ SELECT regexp_replace(name, '\\.v\\d+(?=$|[ |+])', '', 'g')$odori$;
   CREATE FUNCTION $S.first_mark(name text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $odori$
   DECLARE
     stop integer := position(' ' IN name);
     key  text := replace(substr(name, stop), '\\', '\\u005c');
   BEGIN
     IF stop = 0 OR name ~ '^(once|max|fired|timer) ' THEN
       RETURN $S.first_reaction(name);
     END IF;
     FOR code IN 1..31 LOOP
       key := replace(key, chr(code), '\\u' || lpad(to_hex(code), 4, '0'));
     END LOOP;
     RETURN $S.first_reaction(left(name, stop - 1)) || key;
   END $odori$;
   INSERT INTO $S.saga AS s (saga_id, born, last, marks)
     SELECT saga_id, $S.now_ms(), $S.now_ms(), jsonb_object_agg(name, state)
     FROM (SELECT saga_id, $S.first_mark(name) AS name,
         CASE WHEN bool_or(state = 'done') THEN 'done' ELSE max(state) END AS state
       FROM $S.fence GROUP BY 1, 2) AS fence
     GROUP BY saga_id
     ON CONFLICT (saga_id) DO UPDATE SET marks = excluded.marks;
   DROP TABLE $S.fence;
   ALTER TABLE $S.inbox RENAME TO inbox_1;
   ALTER TABLE $S.inbox_1 DROP CONSTRAINT inbox_pkey;
   CREATE SEQUENCE $S.feed;
   SELECT setval('$S.feed', coalesce(max(seq), 0) + 1) FROM $S.inbox_1;
   CREATE TABLE $S.inbox (
     seq          bigint NOT NULL DEFAULT nextval('$S.feed'),
     born         bigint NOT NULL,
     saga_id      text COLLATE "C" NOT NULL,
     reaction     text COLLATE "C" NOT NULL,
     source       text COLLATE "C" NOT NULL,
     id           text COLLATE "C" NOT NULL,
     stem         text COLLATE "C" NOT NULL,
     type         text COLLATE "C" NOT NULL,
     causation_id text,
     disposition  text NOT NULL,
     effect       text,
     emitted      text NOT NULL,
     attempt      integer,
     duration_ms  bigint,
     fingerprint  text,
     at           bigint NOT NULL,
     PRIMARY KEY (born, saga_id, reaction, source, id, stem)
   ) PARTITION BY RANGE (born);
   CREATE INDEX inbox_feed ON $S.inbox (seq);
   CREATE TABLE $S.inbox_rest PARTITION OF $S.inbox DEFAULT;
   CREATE FUNCTION $S.add_partition(week bigint) RETURNS boolean
     LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $odori$
   DECLARE
     name text := 'inbox_w' || week;
     low  bigint := week * 604800000;
     high bigint := low + 604800000;
   BEGIN
     IF to_regclass('$S.' || name) IS NOT NULL
       OR EXISTS (SELECT 1 FROM $S.inbox_rest WHERE born >= low AND born < high)
     THEN RETURN false; END IF;
     EXECUTE format('CREATE TABLE $S.%I (LIKE $S.inbox INCLUDING DEFAULTS,
       CONSTRAINT span CHECK (born >= %s AND born < %s))', name, low, high);
     EXECUTE format('ALTER TABLE $S.inbox ATTACH PARTITION $S.%I FOR VALUES FROM (%s) TO (%s)',
       name, low, high);
     EXECUTE format('ALTER TABLE $S.%I DROP CONSTRAINT span', name);
     RETURN true;
   END $odori$;
   CREATE FUNCTION $S.drop_partition(week bigint, before bigint) RETURNS bigint
     LANGUAGE plpgsql SECURITY DEFINER
     SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $odori$
   DECLARE
     name text := 'inbox_w' || week;
     low  bigint := week * 604800000;
     high bigint := low + 604800000;
     rows bigint;
     feed bigint;
     now  bigint;
   BEGIN
     IF to_regclass('$S.' || name) IS NULL OR high > before THEN RETURN NULL; END IF;
     EXECUTE format('SELECT max(seq) FROM $S.%I', name) INTO feed;
     IF EXISTS (SELECT 1 FROM $S.saga s WHERE s.born >= low AND s.born < high
         AND s.last >= before)
       OR EXISTS (SELECT 1 FROM $S.deferred d JOIN $S.saga s ON s.saga_id = d.saga_id
         WHERE d.state IN ('armed', 'retrying', 'waiting', 'parked')
           AND s.born >= low AND s.born < high)
     THEN RETURN NULL; END IF;
     LOCK TABLE ONLY $S.inbox IN ACCESS EXCLUSIVE MODE;
     EXECUTE format('SELECT max(seq) FROM $S.%I', name) INTO now;
     IF now IS DISTINCT FROM feed THEN RETURN NULL; END IF;
     SELECT greatest(reltuples, 0) INTO rows FROM pg_class
       WHERE oid = to_regclass('$S.' || name);
     EXECUTE format('DROP TABLE $S.%I', name);
     RETURN rows;
   END $odori$;
   REVOKE EXECUTE ON FUNCTION $S.add_partition, $S.drop_partition FROM PUBLIC;
   SELECT $S.add_partition(week) FROM
     (SELECT $S.now_ms() / 604800000 AS this, min(born) / 604800000 AS first FROM $S.saga) AS w,
     generate_series(greatest(coalesce(first, this), this - 60), this + 2) AS week;
   INSERT INTO $S.inbox (seq, born, saga_id, reaction, source, id, stem, type, causation_id,
       disposition, effect, emitted, at)
     SELECT i.seq, s.born, i.saga_id, $S.first_reaction(i.reaction), i.source, i.id,
       $S.first_reaction(i.type), i.type, i.causation_id, i.disposition,
       $S.first_reaction(i.effect), i.emitted, i.at
     FROM $S.inbox_1 i JOIN $S.saga s ON s.saga_id = i.saga_id ORDER BY i.seq
     ON CONFLICT DO NOTHING;
   DROP TABLE $S.inbox_1;
   ALTER TABLE $S.deferred ADD COLUMN type text NOT NULL DEFAULT '',
     ADD COLUMN claims integer NOT NULL DEFAULT 0, ADD COLUMN set_at bigint NOT NULL DEFAULT 0;
   UPDATE $S.deferred SET reaction = $S.first_reaction(reaction), set_at = at,
     type = CASE WHEN malformed THEN source
       ELSE coalesce(body::json #>> '{0,type}', source) END;
   DROP FUNCTION $S.first_mark;
   DROP FUNCTION $S.first_reaction;
   CREATE INDEX deferred_set ON $S.deferred (set_at) WHERE state IN ('retrying', 'armed');
   ALTER TABLE $S.member ADD COLUMN lease_ms bigint NOT NULL DEFAULT 0;
   CREATE TABLE $S.declaration (
     fingerprint text PRIMARY KEY,
     manifest    text NOT NULL,
     first_at    bigint NOT NULL,
     last_at     bigint NOT NULL
   );`,
  // A correlation id that is the saga's own is not kept: only others are looked up.
  `ALTER TABLE $S.inbox ADD COLUMN duplicates integer NOT NULL DEFAULT 0;
   ALTER TABLE $S.saga ADD COLUMN correlation_id text COLLATE "C";
   CREATE INDEX saga_correlation ON $S.saga (correlation_id) WHERE correlation_id IS NOT NULL;`,
  // What the bus holds for the service, as a process has asked it.
  "ALTER TABLE $S.member ADD COLUMN backlog bigint, ADD COLUMN empty_at bigint;",
  // What says whether a process lives: src/adapters/postgres/presence.ts.
  `ALTER TABLE $S.member ADD COLUMN lock_key integer, ADD COLUMN server text,
     ADD COLUMN died_at bigint, ADD COLUMN deaths integer NOT NULL DEFAULT 0;`,
  // Why a process does not hear the bus, and since when.
  "ALTER TABLE $S.member ADD COLUMN bus_fault text, ADD COLUMN bus_lost_at bigint;",
];

/**
 * The oldest version of the tables whose programs can use these. A migration that only adds leaves
 * it as it is, so that a deployment can be rolled back.
 */
export const STORE_READS_FROM = 2;
