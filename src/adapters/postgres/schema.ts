import type pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { notOurs, storeNewer, storeOlder } from "../../ports/errors.ts";
import { explain, explainLooking, isForbidden, isMissing, isRaced } from "./errors.ts";
import { type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { STORE_READS_FROM, STORE_TABLES } from "./tables.ts";

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
    await ensureStore(pool, service, options);
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
  const functions = FUNCTIONS.map((one) => `${schema}.${one}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${name};`,
    `GRANT SELECT ON ${schema}.meta TO ${name};`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${tables} TO ${name};`,
    `GRANT USAGE ON SEQUENCE ${schema}.feed TO ${name};`,
    `GRANT EXECUTE ON FUNCTION ${functions} TO ${name};`,
  ].join("\n");
}

/**
 * Returns the statements that let `role` read the tables, and nothing else: for an observer.
 *
 * @example
 * ```ts
 * import { readingGrants } from "odori/postgres";
 *
 * console.log(readingGrants("shop_observer", { schema: "payment" }));
 * ```
 */
export function readingGrants(role: string, options: PostgresOptions = {}): string {
  const schema = schemaOf(options);
  const name = `"${role.replaceAll('"', '""')}"`;
  const tables = ["meta", ...TABLES].map((table) => `${schema}.${table}`).join(", ");
  return [
    `GRANT USAGE ON SCHEMA ${schema} TO ${name};`,
    `GRANT SELECT ON ${tables} TO ${name};`,
    `GRANT EXECUTE ON FUNCTION ${schema}.now_ms() TO ${name};`,
  ].join("\n");
}

const TABLES = ["saga", "inbox", "outbox", "deferred", "member", "declaration"];
const FUNCTIONS = ["now_ms()", "add_partition(bigint)", "drop_partition(bigint, bigint)"];

/** Creates or migrates the tables of a store if necessary. */
export function ensureStore(
  pool: pg.Pool,
  service: string,
  options: PostgresOptions,
): Promise<void> {
  return ensureSchema(pool, service, options, STORE_TABLES, STORE_READS_FROM);
}

/**
 * Creates or migrates the tables if necessary, and verifies that they belong to `service`. Several
 * processes may do so at once. `readsFrom` is the oldest version that can use the newest tables.
 */
export async function ensureSchema(
  pool: pg.Pool,
  service: string,
  options: PostgresOptions,
  migrations: readonly string[],
  readsFrom = 1,
): Promise<void> {
  const schema = schemaOf(options);
  const place = placeOf(options);
  try {
    const found = await lookUp(pool, schema);
    if (found === undefined || found.version < migrations.length)
      await createOrMigrate(pool, schema, service, migrations, readsFrom);
    else checkVersion(found, place, migrations);
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
    throw explain(explainLooking(error, place), place);
  });
  if (found === undefined) {
    throw new OdoriError("DATA_NOT_FOUND", `The schema ${schema} of ${place} holds no saga.`, {
      hint: "Name the schema that a service uses.",
    });
  }
  checkVersion(found, place, STORE_TABLES);
  if (found.version < STORE_TABLES.length)
    throw storeOlder(place, found.version, STORE_TABLES.length);
  return found.service;
}

/** What the tables say of themselves. */
interface TablesFound {
  readonly version: number;
  /** The oldest version whose programs can use them. */
  readonly readsFrom: number;
  readonly service: string;
}

async function lookUp(pool: pg.Pool, schema: string): Promise<TablesFound | undefined> {
  try {
    const { rows } = await pool.query(`SELECT key, value FROM ${schema}.meta`);
    const meta = new Map<unknown, unknown>(rows.map((row) => [row.key, row.value]));
    const version = Number(meta.get("version") ?? 0);
    return {
      version,
      readsFrom: Number(meta.get("reads_from") ?? version),
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
  readsFrom: number,
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
      const newest = `${put} UPDATE
        SET value = greatest(meta.value::int, excluded.value::int)::text`;
      await client.query(newest, ["version", `${migrations.length}`]);
      await client.query(newest, ["reads_from", `${readsFrom}`]);
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

/** A newer version of the tables may be used if it says that it only added to ours. */
function checkVersion(
  { version, readsFrom }: TablesFound,
  place: string,
  migrations: readonly string[],
): void {
  if (version > migrations.length && readsFrom > migrations.length)
    throw storeNewer(place, version, migrations.length);
}
