import { randomInt } from "node:crypto";
import type pg from "pg";
import { storeNotOpen } from "../../ports/errors.ts";
import { explainConnecting, isAnswered } from "./errors.ts";
import type { SqlRow } from "./native.ts";
import { endAll, type PostgresOptions, placeOf, poolOf } from "./options.ts";
import { isAtPooler } from "./pooler.ts";
import { MEMBER_LOCKS, SERVER } from "./upkeep-statements.ts";

/** A connection by which other processes know that this one lives. */
export interface PresenceLink {
  readonly client: pg.PoolClient;
  /** The lock that the server frees with the connection; null behind a pooler. */
  readonly key: number | null;
  /** When the server started that has the lock. */
  readonly server: string | null;
}

export type PresenceValues = readonly (string | number | null)[];

/**
 * Overrides the defaults of the role. A statement ends on the server before this process gives its
 * connection up. What is set for the session would hold, behind a pooler, for the transactions of
 * others.
 */
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 3000`;
/** A beat need not survive a crash of the server: the next one says the same. */
const FORGETS = `${BEGIN}; SET LOCAL synchronous_commit = off`;
/** On this server, with any setting of the role; a standby is not waited for. */
const LASTS = `${BEGIN}; SET LOCAL synchronous_commit = local`;
/** Pause before it is tried again to connect, in milliseconds. */
const AGAIN_MS = 200;
const KEY_MAX = 2 ** 31;
/** A connection that does not reply for this long is replaced before the process looks silent. */
const REPLY_MS = 5_000;
const LOCK = `SELECT pg_try_advisory_lock(${MEMBER_LOCKS}, $1) AS held,
  ${SERVER} AS server`;

/**
 * A connection of its own, past the pool: nothing that the service does can keep it waiting. It
 * holds a lock of the session, which ends with the connection, and so with the process.
 *
 * Behind a pooler a session is not the client's own, and no lock is taken.
 */
export class Presence {
  readonly #pool: pg.Pool;
  readonly #place: string;
  readonly #again: () => void;
  #current: Promise<PresenceLink> | undefined;
  #client: pg.PoolClient | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** How often it has connected. */
  connections = 0;

  /** Calls `again` when it has connected again. */
  constructor(options: PostgresOptions, again: () => void) {
    const statementTimeoutMs = Math.min(options.statementTimeoutMs ?? REPLY_MS, REPLY_MS);
    this.#pool = poolOf({ ...options, statementTimeoutMs, connectionsMax: 1 });
    this.#place = placeOf(options);
    this.#again = again;
  }

  get isConnected(): boolean {
    return this.#client !== undefined;
  }

  /** Connects, if it is not connected. */
  held(): Promise<PresenceLink> {
    if (this.#closed) return Promise.reject(storeNotOpen());
    this.#current ??= this.#connect();
    return this.#current;
  }

  /**
   * Runs one statement in a transaction. `values` may depend on the lock. What `lasts` survives a
   * crash of the server.
   */
  async run(
    text: string,
    values: PresenceValues | ((held: PresenceLink) => PresenceValues),
    { lasts = false } = {},
  ): Promise<readonly SqlRow[]> {
    let held: PresenceLink | undefined;
    try {
      held = await this.held();
      const list = typeof values === "function" ? values(held) : values;
      // Sent at once: no other call comes between them.
      const [, { rows }] = await Promise.all([
        held.client.query(lasts ? LASTS : FORGETS),
        held.client.query<SqlRow>(text, [...list]),
        held.client.query("COMMIT"),
      ]);
      return rows;
    } catch (error) {
      if (held !== undefined && !isAnswered(error)) this.discard(held);
      throw explainConnecting(error, this.#place);
    }
  }

  /** Discards a connection that does not reply, or has ended. */
  discard({ client }: Pick<PresenceLink, "client">): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#current = undefined;
    client.release(true);
    this.#connectAgain();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#current?.catch(() => {});
    this.#client?.release(true);
    this.#client = undefined;
    await endAll(this.#pool, () => this.#pool.end());
  }

  async #connect(): Promise<PresenceLink> {
    let client: pg.PoolClient | undefined;
    try {
      client = await this.#pool.connect();
      const held = await take(client);
      this.#client = client;
      client.once("end", () => this.discard(held));
      this.connections++;
      return held;
    } catch (error) {
      client?.release(true);
      this.#current = undefined;
      throw error;
    }
  }

  /** At once, and not with the next beat: meanwhile this process looks dead. */
  #connectAgain(): void {
    if (this.#closed) return;
    this.held().then(this.#again, () => {
      if (this.#closed) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#connectAgain(), AGAIN_MS).unref();
    });
  }
}

async function take(client: pg.PoolClient): Promise<PresenceLink> {
  if (await isAtPooler(client)) return { client, key: null, server: null };
  for (;;) {
    const key = randomInt(KEY_MAX);
    const { rows } = await client.query<{ held: boolean; server: string }>(LOCK, [key]);
    if (rows[0]?.held === true) return { client, key, server: rows[0].server };
  }
}
