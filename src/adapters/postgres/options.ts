import { Socket } from "node:net";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { OdoriError } from "../../contract/errors.ts";
import { quote } from "../../contract/grammar.ts";
import { noteEnding } from "./ending.ts";
import { FlightClient } from "./flight.ts";
import { noticePooler } from "./pooler.ts";

/**
 * Options of `postgres`. An absent connection option comes from `PGHOST`, `PGUSER` and so on, as
 * for `psql`.
 */
export interface PostgresOptions {
  /**
   * `postgres://user:password@host:5432/database`. For TLS it ends with
   * `?sslmode=verify-full&sslrootcert=ca.pem`. It says all about the connection: host, port, user,
   * password and database beside it are refused.
   */
  readonly connectionString?: string;
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  /** A function is called for each connection, for tokens that expire. */
  readonly password?: string | (() => string | Promise<string>);
  readonly database?: string;
  /**
   * `true`: TLS with the CAs that Node knows. Otherwise `ca`, and `cert` and `key` of the client.
   *
   * @default false
   */
  readonly ssl?: boolean | ConnectionOptions;
  /**
   * The schema of Odori's tables, and of those alone. Each service has one of its own. Tables of
   * yours without a schema in their name follow the `search_path` of the connection.
   *
   * @default "odori"
   */
  readonly schema?: string;
  /**
   * Most connections at once. Deliveries use one; each `begin` in progress uses another.
   *
   * @default 16
   */
  readonly connectionsMax?: number;
  /**
   * Whether to prepare statements by name. A pooler between this process and the server, such as
   * PgBouncer, is noticed: behind it nothing is prepared by name, in any case. `false`
   * spares the warning of it.
   *
   * @default true
   */
  readonly prepare?: boolean;
  /**
   * How long to wait for a connection, in milliseconds.
   *
   * @default 5000
   */
  readonly connectTimeoutMs?: number;
  /**
   * After this time without a reply a statement fails, in milliseconds.
   *
   * @default 60000
   */
  readonly statementTimeoutMs?: number;
}

const DEFAULTS = {
  connectionsMax: 16,
  connectTimeoutMs: 5_000,
  statementTimeoutMs: 60_000,
} as const;

/** Connections for the relay, and for looking at the store. */
const CONNECTIONS_SPARE = 2;
const LANES_MAX = 4;

/** How many commit groups run side by side: half of the connections, at most four. */
export function lanesOf({ connectionsMax = DEFAULTS.connectionsMax }: PostgresOptions): number {
  return Math.max(1, Math.min(LANES_MAX, Math.floor(connectionsMax / 2)));
}

/** How many handlers may have a transaction by themselves: what lanes and relay leave over. */
export function detachedMaxOf(options: PostgresOptions): number {
  const { connectionsMax = DEFAULTS.connectionsMax } = options;
  return Math.max(1, connectionsMax - lanesOf(options) - CONNECTIONS_SPARE);
}

const SCHEMA_DEFAULT = "odori";

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Returns the schema's name in quotes, as it stands in a statement: a service may be called
 * `order`. Throws `OPTION_INVALID`.
 */
export function schemaOf({ schema = SCHEMA_DEFAULT }: PostgresOptions): string {
  if (SCHEMA_NAME.test(schema)) return `"${schema}"`;
  throw new OdoriError("OPTION_INVALID", `${quote(schema)} cannot be the name of a schema.`, {
    hint: "Use lower case, digits and underscores, at most 63 of them.",
  });
}

/** The client lets the URL win in silence, also where it says nothing: a password would be lost. */
function refuseBesideUrl({ connectionString, ssl, ...options }: PostgresOptions): void {
  if (connectionString === undefined) return;
  const { host, port, user, password, database } = options;
  const beside = Object.keys(defined({ host, port, user, password, database }));
  if (ssl !== undefined && /[?&]ssl/.test(connectionString)) beside.push("ssl");
  if (beside.length === 0) return;
  throw new OdoriError("OPTION_INVALID", `${beside.join(", ")} stands beside connectionString.`, {
    hint: "Write all of the connection into the URL, or all of it as options.",
  });
}

/** Makes a pool, which connects with the first use. */
export function poolOf(options: PostgresOptions): pg.Pool {
  const { connectionString, host, port, user, password, database, ssl } = options;
  refuseBesideUrl(options);
  const pool: pg.Pool = new pg.Pool({
    ...defined({ connectionString, host, port, user, password, database, ssl }),
    max: options.connectionsMax ?? DEFAULTS.connectionsMax,
    connectionTimeoutMillis: options.connectTimeoutMs ?? DEFAULTS.connectTimeoutMs,
    query_timeout: options.statementTimeoutMs ?? DEFAULTS.statementTimeoutMs,
    application_name: "odori",
    keepAlive: true,
    pipeline: true,
    Client: FlightClient,
    stream: () => keep(pool, new Socket()),
    ...(options.prepare === false ? {} : { onConnect: (client) => noticePooler(pool, client) }),
  });
  // The pool replaces an idle connection that breaks; one in use fails its query. Without these
  // listeners the error would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => {
    client.on("error", (error) => noteEnding(client, error));
  });
  return pool;
}

/** How long a server may take to end its connections, in milliseconds. */
const END_MS = 1_000;
/** The open sockets of each pool, and of the clients with its options. */
const sockets = new WeakMap<pg.Pool, Set<Socket>>();

function keep<S extends Socket>(pool: pg.Pool, socket: S): S {
  const open = sockets.get(pool) ?? new Set();
  sockets.set(pool, open);
  open.add(socket);
  socket.once("close", () => open.delete(socket));
  return socket;
}

/** Ends a pool; the connections of a server that does not reply are cut. */
export async function endAll(pool: pg.Pool, end: () => Promise<unknown>): Promise<void> {
  const timer = setTimeout(() => {
    for (const socket of sockets.get(pool) ?? []) socket.destroy();
  }, END_MS);
  await end().finally(() => clearTimeout(timer));
}

/** Returns host, port and database without secrets, for messages. */
export function placeOf({ connectionString, host, port, database }: PostgresOptions): string {
  if (connectionString !== undefined && URL.canParse(connectionString)) {
    const url = new URL(connectionString);
    return `${url.host}${url.pathname}`;
  }
  const { PGHOST = "localhost", PGPORT = 5432, PGDATABASE = "" } = process.env;
  return `${host ?? PGHOST}:${port ?? PGPORT}/${database ?? PGDATABASE}`;
}

function defined<T extends object>(values: T): Partial<T> {
  const present: Partial<T> = { ...values };
  for (const key in present) if (present[key] === undefined) delete present[key];
  return present;
}
