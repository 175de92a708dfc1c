import { INDEXED } from "./bus-functions.ts";
import { MEMBER_LOCKS, SERVER } from "./upkeep-statements.ts";

/** How long a member may be silent that no other one of its group has found dead. */
const FORGOTTEN_MS = 7 * 24 * 3_600_000;

/**
 * Members that are known to live by a lock of their session, as the processes of a store are. Who
 * has found one dead names it to `tidy`: no statement here compares clocks. A row whose holder is
 * not among the members belongs to one that was found dead.
 *
 * An id becomes a member before it takes a row, and both are looked up in one statement: what
 * another member has taken meanwhile is not freed.
 *
 * `renew` is for programs of before these locks, which compare clocks.
 */
export const BUS_LIVENESS = `
  ALTER TABLE $S.member ADD COLUMN lease_ms bigint NOT NULL DEFAULT 0,
    ADD COLUMN lock_key integer, ADD COLUMN server text;

  CREATE FUNCTION $S.tidy(name text, types json, dead json) RETURNS bigint
    LANGUAGE plpgsql ${INDEXED} AS $odori$
  DECLARE
    gone text[];
    freed bigint := 0;
  BEGIN
    DELETE FROM $S.member WHERE owner = ANY (ARRAY(
      SELECT m.owner FROM $S.member m
        JOIN json_to_recordset(dead) AS r(owner text, beat bigint)
          ON m.owner = r.owner AND m.expires_at = r.beat FOR UPDATE OF m SKIP LOCKED));
    SELECT array_agg(DISTINCT d.holder) INTO gone FROM $S.delivery d
      WHERE d.group_name = name AND d.holder IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM $S.member m WHERE m.owner = d.holder);
    IF gone IS NOT NULL THEN
      UPDATE $S.delivery SET holder = NULL WHERE seq = ANY (ARRAY(
        SELECT d.seq FROM $S.delivery d
        WHERE d.group_name = name AND d.holder = ANY (gone) FOR UPDATE SKIP LOCKED));
      GET DIAGNOSTICS freed = ROW_COUNT;
    END IF;
    UPDATE $S.delivery AS d SET group_name = name, due_at = 0
      WHERE d.group_name = '' AND d.type = ANY (ARRAY(
        SELECT s.type FROM $S.subscription s WHERE s.group_name = name
          AND s.type IN (SELECT json_array_elements_text(types))));
    PERFORM $S.sweep();
    RETURN freed;
  END $odori$;

  CREATE FUNCTION $S.give_back(me text, name text, owners json, known json) RETURNS void
    LANGUAGE plpgsql ${INDEXED} AS $odori$
  DECLARE
    earlier text[] := ARRAY(SELECT json_array_elements_text(owners));
  BEGIN
    UPDATE $S.delivery SET holder = me WHERE holder = ANY (earlier) AND seq = ANY (ARRAY(
      SELECT value::bigint FROM json_array_elements_text(known)));
    UPDATE $S.delivery SET holder = NULL WHERE seq = ANY (ARRAY(
      SELECT d.seq FROM $S.delivery d
      WHERE d.group_name = name AND d.holder = ANY (earlier) FOR UPDATE SKIP LOCKED));
    DELETE FROM $S.member WHERE owner = ANY (earlier);
  END $odori$;

  CREATE OR REPLACE FUNCTION $S.renew(me text, name text, types json, lease bigint)
    RETURNS void LANGUAGE plpgsql ${INDEXED} AS $odori$
  DECLARE
    live text[];
  BEGIN
    INSERT INTO $S.member AS m (owner, expires_at, group_name, types)
      VALUES (me, $S.now_ms() + lease, name, types)
      ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at;
    SELECT array_agg(m.owner) INTO live FROM $S.member m
      WHERE CASE WHEN m.expires_at > $S.now_ms() THEN true
        WHEN m.lock_key IS NULL OR m.server IS DISTINCT FROM ${SERVER} THEN false
        ELSE NOT pg_try_advisory_xact_lock_shared(${MEMBER_LOCKS}, m.lock_key) END;
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

  CREATE OR REPLACE FUNCTION $S.sweep() RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp ${INDEXED} AS $odori$
  BEGIN
    DELETE FROM $S.member WHERE expires_at < $S.now_ms() - ${FORGOTTEN_MS};
    IF (SELECT due_at FROM $S.delivery WHERE group_name = '' AND holder IS NULL
        ORDER BY seq LIMIT 1) < $S.now_ms() - $UNHEARD THEN
      DELETE FROM $S.delivery WHERE due_at < $S.now_ms() - $UNHEARD AND seq = ANY (ARRAY(
        SELECT seq FROM $S.delivery WHERE group_name = '' AND holder IS NULL
        ORDER BY seq LIMIT 1000));
    END IF;
  END $odori$;
`;
