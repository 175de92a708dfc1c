import type pg from "pg";

/** Settings of the server under which Odori cannot keep what it promises, as sentences. */
export async function examineSettings(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name,
       current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages, pg_is_in_recovery() AS replica`,
  );
  const [{ version, name, fsync, pages, replica } = {}] = rows;
  return [
    ...(Number(version) < OLDEST
      ? [`Postgres ${name} is older than 14, the oldest that Odori is tested with.`]
      : []),
    ...(fsync === "on"
      ? []
      : ["fsync is off: a commit can be lost on power failure, and the database with it."]),
    ...(pages === "on"
      ? []
      : ["full_page_writes is off: the database can be damaged on power failure."]),
    ...(replica === true ? ["This server is a replica: it takes no writes."] : []),
  ];
}

const OLDEST = 140_000;
