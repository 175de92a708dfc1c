import type pg from "pg";

/**
 * From now on tells how rows of `table` are written, in their order: `INSERT local` where the
 * commit waits for the disk, `UPDATE off` where it does not.
 */
export async function recordCommits(own: pg.Pool, table: string) {
  const log = `${table}_commits`;
  await own.query(`CREATE TABLE ${log} (n serial, said text);
    GRANT ALL ON ${log} TO PUBLIC;
    CREATE FUNCTION ${log}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $record$
      BEGIN
        INSERT INTO ${log} (said)
          VALUES (TG_OP || ' ' || current_setting('synchronous_commit'));
        RETURN NULL;
      END $record$;
    CREATE TRIGGER commits AFTER INSERT OR UPDATE ON ${table} FOR EACH ROW
      EXECUTE FUNCTION ${log}()`);
  return async (): Promise<readonly string[]> => {
    const { rows } = await own.query<{ said: string }>(`SELECT said FROM ${log} ORDER BY n`);
    return rows.map(({ said }) => said);
  };
}
