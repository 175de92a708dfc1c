import type pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { notOurs } from "../../ports/errors.ts";
import { explain, isForbidden, isMissing, isRaced } from "./errors.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";

/**
 * One script for each version, oldest first; `$S` is the schema. A released script never changes.
 *
 * Times are milliseconds since 1970 on the database's clock, which only `now_ms` reads. Rows of the
 * outbox are deleted soon, so it is vacuumed early. Retention deletes the oldest rows by
 * `inbox_at`; without that index each purge would scan the whole table.
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
];

const META = "CREATE TABLE IF NOT EXISTS $S.meta (key text PRIMARY KEY, value text NOT NULL)";
/** The first number of each advisory lock, which separates them from the application's: "odor". */
export const LOCK_SPACE = 0x6f_64_6f_72;
const RACES_MAX = 5;

/**
 * Creates or migrates the tables of `service`, with a role that may run DDL. The application's own
 * role then needs only what `grants` prints. Throws `STORE_NOT_OURS`, `STORE_VERSION`,
 * `STORE_FORBIDDEN` or a `StoreUnavailableError`.
 *
 * @example
 * ```ts
 * import { migrate } from "odori/postgres";
 *
 * await migrate("payment", { connectionString: "postgres://owner@localhost/shop" });
 * ```
 */
export async function migrate(service: string, options: PostgresOptions): Promise<void> {
  const pool = poolOf({ ...options, connectionsMax: 1 });
  try {
    await ensureSchema(pool, service, options, STORE_TABLES);
  } finally {
    await pool.end();
  }
}

/**
 * Returns the statements that let `role` use the tables, and nothing else.
 *
 * @example
 * ```ts
 * import { grants } from "odori/postgres";
 *
 * console.log(grants("shop_app", { schema: "payment" }));
 * ```
 */
export function grants(role: string, options: PostgresOptions = {}): string {
  const schema = schemaOf(options);
  const name = `"${role.replaceAll('"', '""')}"`;
  const tables = TABLES.map((table) => `${schema}.${table}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${name};`,
    `GRANT SELECT ON ${schema}.meta TO ${name};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables} TO ${name};`,
    `GRANT EXECUTE ON FUNCTION ${schema}.now_ms() TO ${name};`,
  ].join("\n");
}

const TABLES = ["inbox", "fence", "outbox", "deferred", "member"];

/**
 * Creates or migrates the tables if necessary, and verifies that they belong to `service`. Several
 * processes may do so at once.
 */
export async function ensureSchema(
  pool: pg.Pool,
  service: string,
  options: PostgresOptions,
  migrations: readonly string[],
): Promise<void> {
  const schema = schemaOf(options);
  const place = placeOf(options);
  try {
    const found = await lookUp(pool, schema);
    if (found === undefined || found.version < migrations.length)
      await createOrMigrate(pool, schema, service, migrations);
    else checkVersion(found.version, place, migrations);
    const owner = (await lookUp(pool, schema))?.service ?? "";
    if (owner !== service) throw notOurs(service, owner);
  } catch (error) {
    if (!isForbidden(error)) throw explain(error, place);
    throw new OdoriError(
      "STORE_FORBIDDEN",
      `This role may not create or use the tables of ${service} in ${place}.`,
      {
        cause: error,
        hint: "Run `migrate` once as the schema's owner, then the statements of `grants`.",
      },
    );
  }
}

/** Returns the service that owns the tables; throws `DATA_NOT_FOUND` or `STORE_VERSION`. */
export async function ownerOf(pool: pg.Pool, options: PostgresOptions): Promise<string> {
  const schema = schemaOf(options);
  const place = placeOf(options);
  const found = await lookUp(pool, schema).catch((error: unknown) => {
    throw explain(error, place);
  });
  if (found === undefined) {
    throw new OdoriError("DATA_NOT_FOUND", `The schema ${schema} of ${place} holds no saga.`, {
      hint: "Name the schema that a service uses.",
    });
  }
  checkVersion(found.version, place, STORE_TABLES);
  return found.service;
}

async function lookUp(
  pool: pg.Pool,
  schema: string,
): Promise<{ readonly version: number; readonly service: string } | undefined> {
  try {
    const { rows } = await pool.query(`SELECT key, value FROM ${schema}.meta`);
    const meta = new Map<unknown, unknown>(rows.map((row) => [row.key, row.value]));
    return {
      version: Number(meta.get("version") ?? 0),
      service: String(meta.get("service") ?? ""),
    };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function createOrMigrate(
  pool: pg.Pool,
  schema: string,
  service: string,
  migrations: readonly string[],
): Promise<void> {
  for (let race = 1; ; race++) {
    const client = await pool.connect();
    try {
      await client.query("BEGIN");
      await client.query("SELECT pg_advisory_xact_lock($1, hashtext($2))", [
        LOCK_SPACE,
        `schema ${schema}`,
      ]);
      const exists = await client.query("SELECT 1 WHERE to_regnamespace($1) IS NOT NULL", [schema]);
      if (exists.rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
      await client.query(META.replaceAll("$S", schema));
      const { rows } = await client.query(`SELECT value FROM ${schema}.meta WHERE key = 'version'`);
      const version = Number(rows[0]?.value ?? 0);
      for (const script of migrations.slice(version))
        await client.query(script.replaceAll("$S", schema));
      const put = `INSERT INTO ${schema}.meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO`;
      await client.query(`${put} NOTHING`, ["service", service]);
      await client.query(
        `${put} UPDATE SET value = greatest(meta.value::int, excluded.value::int)::text`,
        ["version", `${migrations.length}`],
      );
      await client.query("COMMIT");
      return;
    } catch (error) {
      await client.query("ROLLBACK").catch(() => {});
      // A migration tool, which does not take this lock, may create the same objects.
      if (!isRaced(error) || race >= RACES_MAX) throw error;
    } finally {
      client.release();
    }
  }
}

function checkVersion(version: number, place: string, migrations: readonly string[]): void {
  if (version <= migrations.length) return;
  throw new OdoriError(
    "STORE_VERSION",
    `The database ${place} has schema version ${version}; ` +
      `this version of Odori knows ${migrations.length}.`,
    { hint: "Use the newer version of Odori that wrote it." },
  );
}
