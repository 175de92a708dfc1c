import type pg from "pg";
import { toJournal } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { FeedPage, JournalSource, OutboxEvent, SourceAbout } from "../../ports/source.ts";
import { explain } from "./errors.ts";
import { advance, bounded, cursorOf, feedPlaceIn, isUnbounded } from "./feed-place.ts";
import type { PostgresInspection } from "./inspect.ts";
import type { SqlRow } from "./native.ts";
import { endAll, type PostgresOptions, placeOf, poolOf, schemaOf } from "./options.ts";
import { type PostgresStore, postgres } from "./store.ts";

/** One statement, so that the rows and the running transactions are of one snapshot. */
const FEED = `SELECT pg_snapshot_xmin(s)::text AS running,
  (SELECT json_agg(r ORDER BY r.seq)::text FROM (
    SELECT i.* FROM json_to_recordset($2::text::json) AS g(a bigint, b bigint)
      JOIN $S.inbox i ON i.seq BETWEEN g.a AND g.b
    UNION ALL (SELECT * FROM $S.inbox WHERE seq > $1::bigint ORDER BY seq LIMIT $3::int)
    ORDER BY seq LIMIT $3::int) AS r) AS list
  FROM pg_current_snapshot() AS s`;
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

/** The database of a service in a schema of a Postgres server, read beside the service. */
export class PostgresSource implements JournalSource {
  readonly inspect: PostgresInspection;
  readonly #options: PostgresOptions;
  readonly #store: PostgresStore;
  readonly #pool: pg.Pool;

  constructor(options: PostgresOptions) {
    this.#options = { ...options, connectionsMax: 2 };
    this.#store = postgres(this.#options);
    this.inspect = this.#store.inspect;
    this.#pool = poolOf({ ...this.#options, connectionsMax: 1 });
  }

  async about(): Promise<SourceAbout> {
    const service = await this.#store.service();
    return { service, declarations: await this.#store.declarations.all() };
  }

  async feed(after: string | undefined, limit: number): Promise<FeedPage> {
    const before = feedPlaceIn(after);
    const gaps = before.gaps.map(({ from, to }) => ({ a: `${from}`, b: `${to}` }));
    const [row] = await this.#query(FEED, [`${before.seq}`, JSON.stringify(gaps), limit]);
    const list: readonly SqlRow[] = row?.list == null ? [] : JSON.parse(String(row.list));
    const seqs = list.map(({ seq }) => BigInt(String(seq)));
    const full = list.length >= limit;
    const { place, upTo } = advance(before, seqs, full, BigInt(String(row?.running)));
    const rows = list.map(toJournal).filter(({ seq }) => BigInt(seq) <= upTo);
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

  async #query(text: string, values: (string | number)[]): Promise<readonly SqlRow[]> {
    try {
      const statement = text.replaceAll("$S", schemaOf(this.#options));
      return (await this.#pool.query<SqlRow>(statement, values)).rows;
    } catch (error) {
      throw explain(error, placeOf(this.#options));
    }
  }
}
