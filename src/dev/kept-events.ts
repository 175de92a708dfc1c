import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { decodeStored, encodeStored } from "../cloudevents/json.ts";
import type { EventEnvelope } from "../contract/envelope.ts";

/** Not `.db`: that is the database of a service. */
const FILE = "events.sqlite";
/** The oldest are forgotten. */
const KEPT_MAX = 100_000;
const BUSY_MS = 5_000;

/**
 * The events that `odori dev` has published, with their payloads: so that they can be looked at,
 * and published again. It is for sagas to play with, so a power failure may cost the last ones.
 */
export class KeptEvents {
  readonly #database: DatabaseSync;

  private constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS event (n INTEGER PRIMARY KEY, saga TEXT, id TEXT, type TEXT,
        text TEXT, UNIQUE (saga, id, type)) STRICT`);
  }

  /** Those of a folder of databases; undefined if none were kept there. */
  static in(data: string): KeptEvents | undefined {
    return existsSync(join(data, FILE)) ? new KeptEvents(join(data, FILE)) : undefined;
  }

  /** The same, for the process that keeps them. */
  static make(data: string): KeptEvents {
    return new KeptEvents(join(data, FILE));
  }

  put(events: readonly EventEnvelope[]): void {
    this.#database.exec("BEGIN");
    const put = this.#database.prepare(
      "INSERT OR IGNORE INTO event (saga, id, type, text) VALUES (?, ?, ?, ?)",
    );
    for (const event of events) put.run(event.sagaId, event.id, event.type, encodeStored([event]));
    this.#database
      .prepare("DELETE FROM event WHERE n <= (SELECT max(n) FROM event) - ?")
      .run(KEPT_MAX);
    this.#database.exec("COMMIT");
  }

  /** Those of a saga, in the order in which they were published. */
  of(sagaId: string): readonly EventEnvelope[] {
    const rows = this.#database.prepare("SELECT text FROM event WHERE saga = ? ORDER BY n");
    return rows.all(sagaId).flatMap(({ text }) => decodeStored(String(text)));
  }

  close(): void {
    this.#database.close();
  }
}
