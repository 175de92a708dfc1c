import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import { Mutex } from "../adapter/mutex.ts";
import type { SqlRow } from "../adapters/postgres/native.ts";
import type { NamedStatement, SqlReply } from "../adapters/postgres/sql.ts";
import { FIRST_MOMENT } from "../virtual/clock.ts";
import { PgliteSocket } from "./pglite-socket.ts";

/**
 * Time and chance of the run, for what a statement takes past its handler. They stand before
 * `pg_catalog` in the `search_path`; `random()` follows a seed.
 */
const VIRTUAL = `CREATE SCHEMA odori_simulated;
  CREATE FUNCTION odori_simulated.now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT pg_catalog.statement_timestamp()';
  CREATE FUNCTION odori_simulated.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE
    AS 'SELECT pg_catalog.md5(pg_catalog.random()::text)::uuid';`;

const OWN = "schemaname NOT IN ('pg_catalog', 'information_schema')";
/** Sequences are not rolled back. */
const SEQUENCES = `SELECT format('setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
    coalesce(last_value, start_value), last_value IS NOT NULL) AS text
  FROM pg_sequences WHERE ${OWN} ORDER BY 1`;
const TABLES = `SELECT format('%I.%I', schemaname, tablename) AS text
  FROM pg_tables WHERE ${OWN} ORDER BY 1`;
/** After this many runs the rows that were rolled back are removed: they make scans slow. */
const RUNS_A_VACUUM = 256;

/** Returns a name in quotes, as it stands in a statement. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * A Postgres within this process, with one transaction around each run: those of services are
 * savepoints in it, and it is rolled back for the next run. It has one session, so transactions
 * take turns.
 */
export class PgliteSession {
  /** Held by the transaction whose statements run. */
  turn = new Mutex();
  /** Counts the runs: what is left of an earlier one must not reach this one. */
  run = 0;
  /** The time of the process whose statements run. */
  now: () => number = () => FIRST_MOMENT;
  readonly #server: PGlite;
  readonly #client: pg.Client;
  #reset = "";
  #vacuum = "";

  private constructor(server: PGlite) {
    this.#server = server;
    this.#client = new pg.Client({
      user: "postgres",
      database: "postgres",
      pipeline: true,
      stream: () => new PgliteSocket(server, () => this.now()),
    });
  }

  static async open(schemas: readonly string[]): Promise<PgliteSession> {
    const session = new PgliteSession(await PGlite.create());
    await session.#client.connect();
    await session.#client.query(VIRTUAL);
    // A service may be called `public`.
    for (const name of schemas)
      await session.#client.query(`CREATE SCHEMA IF NOT EXISTS ${identifier(name)}`);
    await session.#client.query("BEGIN");
    return session;
  }

  query<Row extends SqlRow>(statement: string | NamedStatement): Promise<SqlReply<Row>> {
    return this.#client.query<Row>(statement);
  }

  /** Each run begins with what is there now. */
  async keep(): Promise<void> {
    await this.#client.query("COMMIT");
    const sequences = await this.#texts(SEQUENCES);
    const tables = await this.#texts(TABLES);
    this.#reset = `BEGIN; SELECT ${["setseed(0)", ...sequences].join(", ")}`;
    this.#vacuum = tables.length === 0 ? "" : `VACUUM ${tables.join(", ")}`;
    await this.#client.query(this.#reset);
  }

  /** Statements of the run that begins are sent after these. */
  reset(): void {
    // A handler of the run before may never end, and would hold it for ever.
    this.turn = new Mutex();
    this.run++;
    this.now = () => FIRST_MOMENT;
    const vacuums = this.#vacuum !== "" && this.run % RUNS_A_VACUUM === 0;
    const texts = vacuums ? ["ROLLBACK", this.#vacuum, this.#reset] : [`ROLLBACK; ${this.#reset}`];
    // If one fails, so do those of the run.
    for (const text of texts) this.#client.query(text).catch(() => {});
  }

  /** The client holds nothing but the server. */
  async close(): Promise<void> {
    await this.#server.close();
  }

  async #texts(query: string): Promise<readonly string[]> {
    const { rows } = await this.#client.query<{ text: string }>(query);
    return rows.map(({ text }) => text);
  }
}
