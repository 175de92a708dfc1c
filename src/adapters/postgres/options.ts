import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { GatheringSocket } from "./stream.ts";

/**
 * How to reach the database; what is left out is taken from `PGHOST`, `PGUSER` and so on, as `psql`
 * does.
 */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database` */
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A function is asked anew for every connection: for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  readonly ssl?: boolean | ConnectionOptions;
  /**
   * The schema of the tables. Each service of a database has a schema of its own.
   * @default odori
   */
  readonly schema?: string;
  /**
   * Most connections at once, which begin sagas side by side; deliveries need one.
   * @default 16
   */
  readonly connectionsMax?: number;
  /**
   * Whether statements are prepared. Turn it off behind a pooler that cannot keep them, such as
   * PgBouncer before 1.21 in transaction mode.
   * @default true
   */
  readonly prepare?: boolean;
  /**
   * How long to wait for a connection, in milliseconds.
   * @default 5_000
   */
  readonly connectTimeoutMs?: number;
  /**
   * How long a statement may take, in milliseconds, before its connection is discarded.
   * @default 60_000
   */
  readonly statementTimeoutMs?: number;
}

const SCHEMA_DEFAULT = "odori";

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;
const DEFAULTS = {
  connectionsMax: 16,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
} as const;

/**
 * The schema's name, in quotes, fit to stand in a statement (a service may be called `order`);
 * throws `OPTION_INVALID`.
 */
export function schemaOf({ schema = SCHEMA_DEFAULT }: PostgresOptions): string {
  if (SCHEMA_NAME.test(schema)) return `"${schema}"`;
  throw new OdoriError("OPTION_INVALID", `${quote(schema)} cannot be the name of a schema.`, {
    hint: "Use lower case, digits and underscores, at most 63 of them.",
  });
}

export function poolOf(options: PostgresOptions): pg.Pool {
  const { connectionString, host, port, user, password, database, ssl } = options;
  const pool = new pg.Pool({
    ...defined({ connectionString, host, port, user, password, database, ssl }),
    max: options.connectionsMax ?? DEFAULTS.connectionsMax,
    connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULTS.connectTimeoutMs,
    query_timeout: options.statementTimeoutMs ?? DEFAULTS.statementTimeoutMs,
    application_name: "odori",
    keepAlive: true,
    pipeline: true,
    stream: () => new GatheringSocket(),
  });
  // A connection that breaks while nobody uses it is replaced by the next one; one that breaks in
  // use fails its query.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

/** Where the database is, without secrets: for messages. */
export function placeOf({ connectionString, host, port, database }: PostgresOptions): string {
  if (connectionString !== undefined && URL.canParse(connectionString)) {
    const url = new URL(connectionString);
    return `${url.host}${url.pathname}`;
  }
  return `${host ?? process.env.PGHOST ?? "localhost"}:${port ?? process.env.PGPORT ?? 5432}/${database ?? process.env.PGDATABASE ?? ""}`;
}

function defined<T extends object>(values: T): Partial<T> {
  const present: Partial<T> = { ...values };
  for (const key in present) if (present[key] === undefined) delete present[key];
  return present;
}
