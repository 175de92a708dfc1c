import { explain } from "./errors.ts";
import { type PostgresOptions, placeOf, poolOf } from "./options.ts";

/** The schemas of a database that hold the tables of a service and may be read, by name. */
export async function schemasIn(options: PostgresOptions): Promise<readonly string[]> {
  const pool = poolOf({ ...options, connectionsMax: 1 });
  try {
    const { rows } = await pool.query<{ readonly schema: string }>(
      `SELECT n.nspname AS schema FROM pg_namespace n
       WHERE (SELECT count(*) FROM pg_class c WHERE c.relnamespace = n.oid
           AND c.relname IN ('meta', 'saga', 'inbox', 'outbox', 'deferred', 'declaration')
           AND has_table_privilege(c.oid, 'SELECT')) = 6
       ORDER BY n.nspname`,
    );
    return rows.map(({ schema }) => schema);
  } catch (error) {
    throw explain(error, placeOf(options));
  } finally {
    await pool.end();
  }
}
