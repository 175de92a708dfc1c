import { BUS_FUNCTIONS } from "./bus-functions.ts";
import { BUS_LIVENESS } from "./bus-liveness.ts";

/** The schema of the bus, unless an option names another one. */
export const BUS_SCHEMA = "odori_bus";
/** How long an event that no group hears is kept for the first one that subscribes to its type. */
const UNHEARD_MS = 7 * 24 * 3_600_000;
/** Owner of the tables: a name that no service can have. */
export const BUS_OWNER = "(bus)";

/**
 * Tables of the bus, one script for each version; `$S` is the schema. `delivery` has one row for
 * each event and group, deleted when it is acknowledged. A service without Odori calls `publish`
 * with a CloudEvent in JSON, or a list of them. It fails if one has no type, or an escape of U+0000
 * or of a lone surrogate: Postgres cannot read the type of such an event. `unsubscribe` is for a
 * service that hears a type no more: without it, its deliveries pile up.
 */
export const BUS_TABLES: readonly string[] = [
  `CREATE FUNCTION $S.now_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
     'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';
   CREATE TABLE $S.subscription (
     group_name text NOT NULL,
     type       text NOT NULL,
     PRIMARY KEY (type, group_name)
   );
   CREATE TABLE $S.delivery (
     seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     group_name text NOT NULL,
     type       text NOT NULL,
     body       text NOT NULL,
     due_at     bigint NOT NULL DEFAULT 0,
     failures   integer NOT NULL DEFAULT 0,
     holder     text
   ) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
   CREATE INDEX delivery_group ON $S.delivery (group_name, seq);
   CREATE TABLE $S.member (owner text PRIMARY KEY, expires_at bigint NOT NULL);
   CREATE FUNCTION $S.publish(events json) RETURNS bigint LANGUAGE sql VOLATILE AS $$
     WITH event AS (SELECT e ->> 'type' AS type, e::text AS body
         FROM json_array_elements(CASE json_typeof(events)
           WHEN 'array' THEN events ELSE json_build_array(events) END) AS e),
       sent AS (INSERT INTO $S.delivery (group_name, type, body)
         SELECT s.group_name, event.type, event.body
         FROM event JOIN $S.subscription s ON s.type = event.type RETURNING 1)
     SELECT count(*) FROM sent $$;`,
  // An event that no group hears waits, as one of the group '', for the first that subscribes to
  // its type. `due_at` is then the time when it was published.
  `CREATE FUNCTION $S.send(types text[], bodies text[]) RETURNS bigint LANGUAGE sql VOLATILE AS $$
     WITH event AS (SELECT * FROM unnest(types, bodies) AS e(type, body)),
       sent AS (INSERT INTO $S.delivery (group_name, type, body, due_at)
         SELECT s.group_name, event.type, event.body, 0
         FROM event JOIN $S.subscription s ON s.type = event.type
         UNION ALL
         SELECT '', event.type, event.body, $S.now_ms() FROM event
         WHERE NOT EXISTS (SELECT 1 FROM $S.subscription s WHERE s.type = event.type)
         RETURNING 1)
     SELECT count(*) FROM sent $$;
   CREATE OR REPLACE FUNCTION $S.publish(events json) RETURNS bigint LANGUAGE sql VOLATILE AS $$
     SELECT $S.send(array_agg(e ->> 'type'), array_agg(e::text))
     FROM json_array_elements(CASE json_typeof(events)
       WHEN 'array' THEN events ELSE json_build_array(events) END) AS e $$;
   CREATE FUNCTION $S.subscribe(name text, types json) RETURNS void LANGUAGE sql VOLATILE AS $$
     INSERT INTO $S.subscription (group_name, type)
       SELECT name, json_array_elements_text(types) ON CONFLICT DO NOTHING;
     UPDATE $S.delivery SET group_name = name, due_at = 0 WHERE group_name = ''
       AND type IN (SELECT json_array_elements_text(types)) $$;
   CREATE FUNCTION $S.unsubscribe(name text, heard text) RETURNS bigint LANGUAGE sql VOLATILE AS $$
     DELETE FROM $S.subscription WHERE group_name = name AND type = heard;
     WITH gone AS (DELETE FROM $S.delivery WHERE group_name = name AND type = heard RETURNING 1)
       SELECT count(*) FROM gone $$;`,
  // Who may emit and hear which type, by role; provision fills it, and then enables the policies.
  // They hold for roles other than the tables' owner. sweep deletes what no role may see.
  `CREATE TABLE $S.permission (
     role       text NOT NULL,
     act        text NOT NULL CHECK (act IN ('emit', 'hear')),
     group_name text NOT NULL,
     type       text NOT NULL,
     PRIMARY KEY (role, act, type)
   );
   ALTER TABLE $S.member ADD COLUMN role text NOT NULL DEFAULT current_user;
   CREATE POLICY own ON $S.member USING (role = current_user);
   CREATE POLICY look ON $S.subscription FOR SELECT USING (true);
   CREATE POLICY hear ON $S.subscription FOR INSERT WITH CHECK (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'hear'
       AND p.type = subscription.type AND p.group_name = subscription.group_name));
   CREATE POLICY emit ON $S.delivery FOR INSERT WITH CHECK (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'emit'
       AND p.type = delivery.type));
   CREATE POLICY hear ON $S.delivery FOR SELECT USING (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'hear'
       AND p.type = delivery.type AND delivery.group_name IN (p.group_name, '')));
   CREATE POLICY settle ON $S.delivery FOR DELETE USING (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'hear'
       AND p.type = delivery.type AND p.group_name = delivery.group_name));
   CREATE POLICY take ON $S.delivery FOR UPDATE USING (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'hear'
       AND p.type = delivery.type AND delivery.group_name IN (p.group_name, '')))
     WITH CHECK (EXISTS (
     SELECT 1 FROM $S.permission p WHERE p.role = current_user AND p.act = 'hear'
       AND p.type = delivery.type AND p.group_name = delivery.group_name));
   CREATE FUNCTION $S.sweep() RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER
     SET search_path = pg_catalog, pg_temp AS $$
     DELETE FROM $S.member WHERE expires_at < $S.now_ms() - 60000;
     DELETE FROM $S.delivery
       WHERE group_name = '' AND due_at < $S.now_ms() - ${UNHEARD_MS} $$;`,
  // Who is behind an owner, for a diagnosis; NULL of a process of an earlier version.
  "ALTER TABLE $S.member ADD COLUMN group_name text, ADD COLUMN types json",
  BUS_FUNCTIONS.replaceAll("$UNHEARD", String(UNHEARD_MS)),
  BUS_LIVENESS.replaceAll("$UNHEARD", String(UNHEARD_MS)),
];
