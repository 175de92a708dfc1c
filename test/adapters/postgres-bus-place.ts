import type { Incoming } from "odori";
import { type PostgresBus, type PostgresBusOptions, postgresBus } from "odori/postgres";
import pg from "pg";
import { TcpProxy } from "../chaos/proxy.ts";
import { newSchema } from "../servers/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { closing } from "../support/scope.ts";

/** How long a condition may take that others look for a while to find out, in milliseconds. */
export const LIMIT_MS = 60_000;

/** A schema for a bus, seen from several processes. */
export interface BusPlace {
  /** Straight to the server. */
  readonly own: pg.Pool;
  readonly schema: string;
  /** Stands before the server, at `through`. */
  readonly proxy: TcpProxy;
  readonly through: string;
  /** Opens the bus as another process has it; past the proxy, unless the options say otherwise. */
  open(options?: PostgresBusOptions): PostgresBus;
  /** The holders of the rows, in their order. */
  holders(): Promise<readonly (string | null)[]>;
  /** Until the member that joined last has looked at the others for as long. */
  watched(ms: number): Promise<void>;
}

export async function busPlace(scope: AsyncDisposableStack, url: string): Promise<BusPlace> {
  const own = new pg.Pool({ connectionString: url, max: 4 });
  scope.defer(() => own.end());
  const schema = newSchema();
  scope.defer(async () => void (await own.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)));
  const proxy = scope.use(closing(await TcpProxy.listen()));
  const through = new URL(url);
  proxy.target = Number(through.port);
  through.port = String(proxy.port);
  const at = async () => {
    const text = `SELECT max(expires_at) AS at FROM ${schema}.member`;
    return Number((await own.query<{ at: string }>(text)).rows[0]?.at);
  };
  return {
    ...{ own, schema, proxy, through: through.href },
    open: (options = {}) =>
      scope.use(closing(postgresBus({ connectionString: url, schema, ...options }))),
    async holders() {
      const text = `SELECT holder FROM ${schema}.delivery ORDER BY seq`;
      return (await own.query<{ holder: string | null }>(text)).rows.map(({ holder }) => holder);
    },
    async watched(ms) {
      const before = await at();
      await eventually("it was watched", at, (now) => now >= before + ms, LIMIT_MS);
    },
  };
}

/** A role that may use the bus, and whose sessions can be told from others. */
export async function busRole(scope: AsyncDisposableStack, { own, schema }: BusPlace, url: string) {
  const role = `narrow_${schema}`;
  const asRole = new URL(url);
  asRole.username = role;
  await own.query(`CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA ${schema} TO ${role};
    GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
  scope.defer(async () => void (await own.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)));
  return {
    url: asRole.href,
    alter: (how: string) => own.query(`ALTER ROLE ${role} ${how}`),
    async sessions(): Promise<number | null> {
      const text = "SELECT 1 FROM pg_stat_activity WHERE usename = $1";
      return (await own.query(text, [role])).rowCount;
    },
    /** The server processes that have the lock of a member of `group`. */
    async locks(group: string): Promise<readonly number[]> {
      const { rows } = await own.query<{ pid: number }>(
        `SELECT l.pid FROM ${schema}.member m
           JOIN pg_locks l ON l.locktype = 'advisory' AND l.objid = m.lock_key::oid
         WHERE m.group_name = $1`,
        [group],
      );
      return rows.map(({ pid }) => pid);
    },
  };
}

/** A hearer whose deliveries end when the test says so. */
export function hearer() {
  const seen: string[] = [];
  const { promise, resolve: go } = Promise.withResolvers<void>();
  const deliver = async (incoming: Incoming) => {
    seen.push("malformed" in incoming ? incoming.error.code : incoming.id);
    await promise;
  };
  return { seen, deliver, go };
}

/** The key that the blocked inserts wait for, of any test. */
const GATE = 7_301;

/**
 * Keeps all connections of a bus busy with inserts of events of `type`, until the gate is opened.
 */
export async function gateInserts({ own, schema }: BusPlace, type: string) {
  await own.query(`
    CREATE FUNCTION ${schema}.gate() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock(${GATE}); RETURN NEW; END';
    CREATE TRIGGER gate BEFORE INSERT ON ${schema}.delivery FOR EACH ROW
      WHEN (NEW.type = '${type}') EXECUTE FUNCTION ${schema}.gate()`);
  const gate = await own.connect();
  await gate.query("SELECT pg_advisory_lock($1)", [GATE]);
  return {
    async waiting(): Promise<number | null> {
      const { rowCount } = await own.query(`SELECT 1 FROM pg_stat_activity
        WHERE wait_event = 'advisory' AND query LIKE '%${schema}%'`);
      return rowCount;
    },
    open: () => gate.query("SELECT pg_advisory_unlock($1)", [GATE]),
    [Symbol.asyncDispose]: async () => gate.release(true),
  };
}
