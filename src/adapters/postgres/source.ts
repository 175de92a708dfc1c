import type pg from "pg";
import { toDeclaration, toFeedRow } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { FeedPage, JournalSource, OutboxEvent, SourceAbout } from "../../ports/source.ts";
import { explain } from "./errors.ts";
import { advance, bounded, cursorOf, feedPlaceIn, isUnbounded } from "./feed-place.ts";
import { FEED, FEED_BEGIN, OLDEST_RUNNING } from "./feed-statements.ts";
import type { PostgresInspection } from "./inspect.ts";
import type { SqlRow } from "./native.ts";
import { endAll, type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { mayPrepare } from "./pooler.ts";
import { PreparedNames } from "./prepared.ts";
import { type PostgresStore, postgres } from "./store.ts";

/** Declarations are large, and an observer asks often: those that it has are not sent again. */
const ABOUT = `SELECT (SELECT json_object_agg(key, value)::text FROM $S.meta) AS meta,
  (SELECT json_agg(d ORDER BY d.last_at DESC, d.fingerprint)::text FROM (
    SELECT fingerprint, first_at, last_at, CASE WHEN fingerprint IN
      (SELECT json_array_elements_text($1::text::json)) THEN NULL ELSE manifest END AS manifest
    FROM $S.declaration) AS d) AS list`;
const DRAW = "SELECT pg_current_xact_id()::text AS id";
const OUTBOX = "SELECT events, at FROM $S.outbox ORDER BY ticket LIMIT $1::int";

/**
 * Reads the schema of a service in Postgres, for `odoriConsole`. Its role need only read
 * (`readingGrants`); retrying and discarding need a role that may write.
 *
 * @example
 * ```ts
 * import { postgresSource } from "odori/postgres";
 *
 * const connectionString = "postgres://localhost/shop";
 * const source = postgresSource({ connectionString, schema: "order" });
 * console.log((await source.about()).service);
 * await source.close();
 * ```
 */
export function postgresSource(options: PostgresOptions): JournalSource {
  return new PostgresSource(options);
}

interface FeedRead {
  /** The oldest transaction that ran meanwhile. */
  readonly running: bigint;
  readonly list: readonly SqlRow[];
}

/** The database of a service in a schema of a Postgres server, read beside the service. */
export class PostgresSource implements JournalSource {
  readonly inspect: PostgresInspection;
  readonly isServed = true;
  readonly #options: PostgresOptions;
  readonly #store: PostgresStore;
  readonly #pool: pg.Pool;
  readonly #prepared = new PreparedNames();
  /** Whose tables they are, and what they say of themselves, as `meta`. */
  #owner: { readonly service: string; readonly meta: string } | undefined;
  /** By fingerprint. */
  #manifests: ReadonlyMap<string, string> = new Map();

  constructor(options: PostgresOptions) {
    this.#options = { ...options, connectionsMax: 2 };
    this.#store = postgres(this.#options);
    this.inspect = this.#store.inspect;
    this.#pool = poolOf({ ...this.#options, connectionsMax: 1 });
  }

  async about(): Promise<SourceAbout> {
    const known = this.#manifests;
    const row = await this.#declared([...known.keys()]);
    const meta = String(row?.meta);
    // Tables of another version are looked at as the first were.
    const service = this.#owner?.meta === meta ? this.#owner.service : await this.#store.service();
    const list: readonly SqlRow[] = row?.list == null ? [] : JSON.parse(String(row.list));
    const declarations = list.map((one) =>
      toDeclaration({ ...one, manifest: one.manifest ?? known.get(String(one.fingerprint)) }),
    );
    this.#owner = { service, meta };
    this.#manifests = new Map(
      declarations.map(({ fingerprint, manifest }) => [fingerprint, manifest]),
    );
    return { service, declarations };
  }

  async #declared(known: readonly string[]): Promise<SqlRow | undefined> {
    try {
      const [row] = await this.#query(ABOUT, [JSON.stringify(known)]);
      return row;
    } catch (error) {
      // Says so if it is the tables.
      await this.#store.service();
      throw error;
    }
  }

  async feed(after: string | undefined, limit: number): Promise<FeedPage> {
    const before = feedPlaceIn(after);
    const gaps = before.gaps.map(({ from, to }) => ({ a: `${from}`, b: `${to}` }));
    const { running, list } = await this.#feed([`${before.seq}`, JSON.stringify(gaps), limit]);
    const seqs = list.map(({ seq }) => BigInt(String(seq)));
    const full = list.length >= limit;
    const { place, upTo } = advance(before, seqs, full, running);
    const rows = list.map(toFeedRow).filter(({ seq }) => BigInt(seq) <= upTo);
    const held = rows.length < list.length;
    return {
      rows,
      cursor: cursorOf(isUnbounded(place) ? bounded(place, await this.#draw()) : place),
      more: full && rows.length > 0,
      complete: !full && !held,
      upTo: Number(upTo),
      gaps: place.gaps.map(({ from, to }) => ({ from: Number(from), to: Number(to) })),
    };
  }

  async outbox(limit: number): Promise<readonly OutboxEvent[]> {
    const rows = await this.#query(OUTBOX, [limit]);
    return rows.flatMap(({ events, at }) =>
      decodeStored(String(events)).map(({ id, type, sagaId }) => ({
        id,
        type,
        sagaId,
        at: Number(at),
      })),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.#store.close(), endAll(this.#pool, () => this.#pool.end())]);
  }

  /** Draws a transaction id: above those of all who have drawn one. */
  async #draw(): Promise<bigint> {
    const [row] = await this.#query(DRAW, []);
    return BigInt(String(row?.id));
  }

  async #feed(values: (string | number)[]): Promise<FeedRead> {
    const client = await this.#pool.connect().catch((error: unknown) => this.#refuse(error));
    const sent = [
      client.query(FEED_BEGIN),
      client.query<SqlRow>(this.#statement(OLDEST_RUNNING, [])),
      client.query<SqlRow>(this.#statement(FEED, values)),
      client.query("COMMIT"),
    ] as const;
    const [begun, counted, read, ended] = await Promise.allSettled(sent);
    // The first failure is the cause of those behind it.
    const failed = [begun, counted, read].find((one) => one.status === "rejected");
    client.release(failed !== undefined || ended.status === "rejected");
    if (counted.status === "rejected" || read.status === "rejected")
      return this.#refuse(failed?.reason);
    const [row] = counted.value.rows;
    return { running: BigInt(String(row?.running)), list: read.value.rows };
  }

  async #query(text: string, values: (string | number)[]): Promise<readonly SqlRow[]> {
    try {
      return (await this.#pool.query<SqlRow>(this.#statement(text, values))).rows;
    } catch (error) {
      return this.#refuse(error);
    }
  }

  #statement(text: string, values: (string | number)[]): pg.QueryConfig {
    const statement = text.replaceAll("$S", schemaOf(this.#options));
    const prepared = mayPrepare(this.#pool, this.#options);
    return { name: prepared ? this.#prepared.of(statement) : undefined, text: statement, values };
  }

  #refuse(error: unknown): never {
    throw explain(error, placeOf(this.#options));
  }
}
