/*
 * The table of the deliveries is a queue: it is nearly empty when the server counts its rows, and
 * full of dead ones later. A plan that was made while it was empty reads all of it, each time. So
 * functions read it, whose plans use its indexes in any case. That holds behind a pooler as well.
 */
export const INDEXED = "SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off";

/**
 * The functions with which members take deliveries. Free deliveries and held ones have an index
 * each, so that a member that takes some does not walk over those that others hold. Events that no
 * group hears may be many: they are found by their type, and the oldest are looked at when they are
 * to be deleted.
 */
export const BUS_FUNCTIONS = `
  DROP INDEX $S.delivery_group;
  CREATE INDEX delivery_free ON $S.delivery (group_name, seq) WHERE holder IS NULL;
  CREATE INDEX delivery_held ON $S.delivery (group_name, seq) WHERE holder IS NOT NULL;
  CREATE INDEX delivery_unheard ON $S.delivery (type) WHERE group_name = '';

  CREATE FUNCTION $S.take(me text, name text, types json, most int, settled json, refused json)
    RETURNS TABLE (seq bigint, type text, body text, failures int) LANGUAGE plpgsql ${INDEXED}
    AS $odori$
  #variable_conflict use_column
  DECLARE
    t bigint := $S.now_ms();
    heard text[] := ARRAY(SELECT json_array_elements_text(types));
  BEGIN
    IF json_array_length(settled) > 0 THEN
      DELETE FROM $S.delivery WHERE seq = ANY (ARRAY(
        SELECT value::bigint FROM json_array_elements_text(settled)));
    END IF;
    IF json_array_length(refused) > 0 THEN
      UPDATE $S.delivery AS d SET holder = NULL, failures = d.failures + 1, due_at = t + r.delay
        FROM json_to_recordset(refused) AS r(seq bigint, delay bigint)
        WHERE d.seq = r.seq AND d.holder = me;
    END IF;
    IF most > 0 THEN
      RETURN QUERY UPDATE $S.delivery AS d SET holder = me WHERE d.seq = ANY (ARRAY(
          SELECT f.seq FROM $S.delivery f
          WHERE f.group_name = name AND f.holder IS NULL AND f.due_at <= t
            AND f.type = ANY (heard)
          ORDER BY f.seq LIMIT most FOR UPDATE SKIP LOCKED))
        RETURNING d.seq, d.type, d.body, d.failures;
    END IF;
  END $odori$;

  CREATE FUNCTION $S.renew(me text, name text, types json, lease bigint)
    RETURNS void LANGUAGE plpgsql ${INDEXED} AS $odori$
  DECLARE
    live text[];
  BEGIN
    INSERT INTO $S.member AS m (owner, expires_at, group_name, types)
      VALUES (me, $S.now_ms() + lease, name, types)
      ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at;
    SELECT array_agg(m.owner) INTO live FROM $S.member m WHERE m.expires_at > $S.now_ms();
    UPDATE $S.delivery SET holder = NULL WHERE seq = ANY (ARRAY(
      SELECT seq FROM $S.delivery d
      WHERE d.group_name = name AND d.holder IS NOT NULL AND d.holder <> ALL (live)
      FOR UPDATE SKIP LOCKED));
    UPDATE $S.delivery AS d SET group_name = name, due_at = 0
      WHERE d.group_name = '' AND d.type = ANY (ARRAY(
        SELECT s.type FROM $S.subscription s WHERE s.group_name = name
          AND s.type IN (SELECT json_array_elements_text(types))));
    PERFORM $S.sweep();
  END $odori$;

  CREATE FUNCTION $S.backlog(name text, types json, most int) RETURNS bigint
    LANGUAGE plpgsql STABLE ${INDEXED} AS $odori$
  DECLARE
    heard text[] := ARRAY(SELECT json_array_elements_text(types));
  BEGIN
    RETURN (SELECT count(*) FROM (
      SELECT 1 FROM $S.delivery d
        WHERE d.group_name = name AND d.holder IS NULL AND d.type = ANY (heard)
      UNION ALL SELECT 1 FROM $S.delivery d
        WHERE d.group_name = name AND d.holder IS NOT NULL AND d.type = ANY (heard)
      UNION ALL SELECT 1 FROM $S.delivery d
        WHERE d.group_name = '' AND d.type = ANY (heard)
      LIMIT most) AS kept);
  END $odori$;

  CREATE FUNCTION $S.hand(types text[], bodies text[], holds json)
    RETURNS TABLE (type text, holder text, seqs bigint[]) LANGUAGE sql VOLATILE AS $odori$
    WITH event AS (SELECT e.type, e.body, e.n,
          row_number() OVER (PARTITION BY e.type ORDER BY e.n) AS place
        FROM unnest(types, bodies) WITH ORDINALITY AS e(type, body, n)),
      hold AS (SELECT * FROM json_to_recordset(holds)
        AS h(owner text, name text, type text, most bigint)),
      sent AS (INSERT INTO $S.delivery (group_name, type, body, due_at, holder)
        SELECT coalesce(s.group_name, ''), event.type, event.body,
          CASE WHEN s.type IS NULL THEN $S.now_ms() ELSE 0 END, hold.owner
        FROM event LEFT JOIN $S.subscription s ON s.type = event.type
        LEFT JOIN hold ON hold.type = event.type AND hold.name = s.group_name
          AND event.place <= hold.most
        ORDER BY event.n RETURNING group_name, type, holder, seq)
    SELECT type, holder, array_agg(seq ORDER BY seq) FROM sent WHERE group_name <> ''
    GROUP BY type, holder
  $odori$;

  CREATE OR REPLACE FUNCTION $S.send(types text[], bodies text[]) RETURNS bigint
    LANGUAGE sql VOLATILE AS $odori$
    WITH event AS (SELECT *
        FROM unnest(types, bodies) WITH ORDINALITY AS e(type, body, n)),
      target AS MATERIALIZED (SELECT n, coalesce(s.group_name, '') AS name, event.type, body,
          CASE WHEN s.type IS NULL THEN $S.now_ms() ELSE 0 END AS due
        FROM event LEFT JOIN $S.subscription s ON s.type = event.type),
      sent AS (INSERT INTO $S.delivery (group_name, type, body, due_at)
        SELECT name, type, body, due FROM target ORDER BY n)
    SELECT count(*) FROM target WHERE name <> ''
  $odori$;

  CREATE OR REPLACE FUNCTION $S.sweep() RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp ${INDEXED} AS $odori$
  BEGIN
    DELETE FROM $S.member WHERE expires_at < $S.now_ms() - 60000;
    IF (SELECT due_at FROM $S.delivery WHERE group_name = '' AND holder IS NULL
        ORDER BY seq LIMIT 1) < $S.now_ms() - $UNHEARD THEN
      DELETE FROM $S.delivery WHERE due_at < $S.now_ms() - $UNHEARD AND seq = ANY (ARRAY(
        SELECT seq FROM $S.delivery WHERE group_name = '' AND holder IS NULL
        ORDER BY seq LIMIT 1000));
    END IF;
  END $odori$;
`;
