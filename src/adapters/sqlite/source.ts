import { toFeedRow } from "../../adapter/rows.ts";
import { decodeStored } from "../../cloudevents/json.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { OdoriError } from "../../contract/errors.ts";
import type { FeedPage, JournalSource, OutboxEvent, SourceAbout } from "../../ports/source.ts";
import { connectReadOnly } from "./connect.ts";
import { SqliteDeclarations } from "./declarations.ts";
import { type Access, SqliteInspection } from "./inspect.ts";
import { checkSchema } from "./schema.ts";
import type { Connection } from "./sql.ts";
import { sqlite } from "./store.ts";

/** There is one writer at a time, so numbers are committed in their order. */
const FEED = `SELECT i.*, s.last AS saga_last, s.correlation_id FROM odori_inbox AS i
  LEFT JOIN odori_saga AS s ON s.saga_id = i.saga_id AND s.born = i.born
  WHERE i.seq > ? ORDER BY i.seq LIMIT ?`;
const OUTBOX = "SELECT events, at FROM odori_outbox ORDER BY ticket LIMIT ?";
const BUSY_MS = 5_000;

/**
 * Reads the SQLite file of a service, for `odoriConsole`. Works beside the running service, and
 * writes nothing but what a person asks for.
 *
 * @example
 * ```ts
 * import { sqliteSource } from "odori/sqlite";
 *
 * const source = sqliteSource("payment.db");
 * console.log((await source.about()).service);
 * await source.close();
 * ```
 */
export function sqliteSource(path: string): JournalSource {
  return new SqliteSource(path);
}

/** The SQLite file of a service, read beside the service. */
export class SqliteSource implements JournalSource {
  readonly inspect: SqliteInspection;
  readonly #reader: Connection;
  readonly #access: Access;

  constructor(path: string) {
    const reader = connectReadOnly(path, BUSY_MS);
    this.#reader = reader;
    this.#access = {
      read: async (work) => work(reader),
      write: () => Promise.reject(new TypeError("a source writes through its store")),
      now: Date.now,
    };
    this.inspect = new Actions(this.#access, path);
  }

  async about(): Promise<SourceAbout> {
    const service = checkSchema(this.#reader);
    return { service, declarations: await new SqliteDeclarations(this.#access).all() };
  }

  async feed(after: string | undefined, limit: number): Promise<FeedPage> {
    const rows = this.#reader.all(FEED, seqIn(after), limit).map(toFeedRow);
    const full = rows.length >= limit;
    const cursor = rows.at(-1)?.seq ?? after ?? 0;
    const place = { upTo: Number(cursor), gaps: [] };
    return { rows, cursor: String(cursor), more: full, complete: !full, ...place };
  }

  async outbox(limit: number): Promise<readonly OutboxEvent[]> {
    return this.#reader.all(OUTBOX, limit).flatMap(({ events, at }) =>
      decodeStored(String(events)).map(({ id, type, sagaId }) => ({
        id,
        type,
        sagaId,
        at: Number(at),
      })),
    );
  }

  async close(): Promise<void> {
    this.#reader.database.close();
  }
}

/** Reads with the source's connection; what a person asks for opens the file for writing. */
class Actions extends SqliteInspection {
  readonly #path: string;

  constructor(access: Access, path: string) {
    super(access);
    this.#path = path;
  }

  override retry(seq: number) {
    return this.#act((inspect) => inspect.retry(seq));
  }

  override discard(seq: number, reason: string) {
    return this.#act((inspect) => inspect.discard(seq, reason));
  }

  override republish(event: EventEnvelope) {
    return this.#act((inspect) => inspect.republish(event));
  }

  async #act<T>(work: (inspect: SqliteInspection) => Promise<T>): Promise<T> {
    const store = sqlite(this.#path);
    try {
      return await work(store.inspect);
    } finally {
      await store.close();
    }
  }
}

function seqIn(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const seq = Number(cursor);
  if (/^\d{1,16}$/.test(cursor) && Number.isSafeInteger(seq)) return seq;
  throw new OdoriError("OPTION_INVALID", "This is not a cursor of a feed.", {
    hint: "Pass the cursor of the page before, as it was returned.",
  });
}
