import type pg from "pg";
import { isPooled } from "./pooler.ts";

/** The oldest version that the project tests: 14. */
const OLDEST = 140_000;

/** Returns warnings, as sentences, about settings of the server that break a promise. */
export async function examineSettings(pool: pg.Pool): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `SELECT current_setting('server_version_num')::int AS version,
       current_setting('server_version') AS name,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS pages,
       pg_is_in_recovery() AS replica`,
  );
  const [{ version, name, fsync, pages, replica } = {}] = rows;
  return [
    ...(Number(version) < OLDEST
      ? [`Postgres ${name} is older than 14, the oldest version that Odori is tested with.`]
      : []),
    ...(fsync === "on"
      ? []
      : ["fsync is off: a commit can be lost on power failure, and the database with it."]),
    ...(pages === "on"
      ? []
      : ["full_page_writes is off: the database can be damaged on power failure."]),
    ...(replica === true ? ["This server is a replica: it accepts no writes."] : []),
    ...(isPooled(pool)
      ? ["A pooler stands before Postgres: statements are not prepared by name. `prepare: false`."]
      : []),
  ];
}
