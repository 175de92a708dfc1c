import { DatabaseSync } from "node:sqlite";
import { busUnavailable, type EventEnvelope, OdoriError, redeliveryPauseMs } from "odori/adapter";
import { encodeJson } from "odori/cloudevents";

const TABLES = `
  CREATE TABLE IF NOT EXISTS subscription (
    type TEXT NOT NULL, group_name TEXT NOT NULL, PRIMARY KEY (type, group_name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS delivery (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    group_name TEXT NOT NULL,
    type       TEXT NOT NULL,
    body       TEXT NOT NULL,
    failures   INTEGER NOT NULL DEFAULT 0,
    due_at     INTEGER NOT NULL DEFAULT 0,
    holder     TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS delivery_group ON delivery (group_name, seq);
  CREATE TABLE IF NOT EXISTS member (
    owner TEXT PRIMARY KEY, expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`;

/** Condition for deliveries to take. Values: group, now, types as JSON, now. */
const FREE = `group_name = ? AND due_at <= ? AND type IN (SELECT value FROM json_each(?))
  AND (holder IS NULL OR holder NOT IN (SELECT owner FROM member WHERE expires_at > ?))`;

/** One event on its way to one group. */
export interface Delivery {
  readonly seq: number;
  readonly type: string;
  /** The event in structured mode; a foreign producer may have written anything. */
  readonly body: string;
}

/** What a member reports and requests in one transaction. */
export interface Turn {
  readonly group: string;
  readonly topics: readonly string[];
  /** Identifies the member. */
  readonly owner: string;
  readonly leaseMs: number;
  /** `seq` of deliveries to delete. */
  readonly acknowledged: readonly number[];
  /** `seq` of deliveries to deliver again. */
  readonly rejected: readonly number[];
  /** How many deliveries to take. */
  readonly room: number;
}

/** The file of a bus, which several processes may open. Each method is one transaction. */
export class BusDatabase {
  readonly #database: DatabaseSync;

  /** Throws if the file cannot be opened. A commit survives a power failure. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
    );
    this.#transaction(() => this.#database.exec(TABLES));
  }

  /** Writes one row for each event and each group that hears its type. */
  publish(events: readonly EventEnvelope[]): void {
    const insert = this.#database.prepare(
      `INSERT INTO delivery (group_name, type, body)
       SELECT group_name, type, ? FROM subscription WHERE type = ?`,
    );
    this.#transaction(() => {
      for (const event of events) insert.run(encodeJson(event), event.type);
    });
  }

  /** Makes the group known: from now on it gets every event of these types. */
  subscribe(group: string, topics: readonly string[]): void {
    const insert = this.#database.prepare(
      "INSERT INTO subscription (type, group_name) VALUES (?, ?) ON CONFLICT DO NOTHING",
    );
    this.#transaction(() => {
      for (const type of topics) insert.run(type, group);
    });
  }

  /** Whether a group has deliveries that no live member holds: a look that locks nothing. */
  hasWork(group: string, topics: readonly string[]): boolean {
    const now = Date.now();
    const look = this.#database.prepare(`SELECT 1 FROM delivery WHERE ${FREE} LIMIT 1`);
    return look.get(group, now, JSON.stringify(topics), now) !== undefined;
  }

  /** How many deliveries a group has not acknowledged, held by a member or not. */
  count(group: string, topics: readonly string[]): number {
    const count = this.#database.prepare(
      `SELECT count(*) AS rows FROM delivery
       WHERE group_name = ? AND type IN (SELECT value FROM json_each(?))`,
    );
    return Number(count.get(group, JSON.stringify(topics))?.rows);
  }

  /** Settles deliveries, renews the member's lease, and takes deliveries no live member holds. */
  turn({ group, topics, owner, leaseMs, acknowledged, rejected, room }: Turn): readonly Delivery[] {
    const now = Date.now();
    return this.#transaction(() => {
      this.#settle(owner, acknowledged, rejected, now);
      this.#renew(owner, now, leaseMs);
      const take = this.#database.prepare(
        `UPDATE delivery SET holder = ? WHERE seq IN (
           SELECT seq FROM delivery WHERE ${FREE} ORDER BY seq LIMIT ?)
         RETURNING seq, type, body`,
      );
      const taken = take.all(owner, group, now, JSON.stringify(topics), now, room);
      return taken
        .map(({ seq, type, body }) => ({
          seq: Number(seq),
          type: String(type),
          body: String(body),
        }))
        .sort((one, other) => one.seq - other.seq);
    });
  }

  /** Frees at once what the member holds. */
  leave(owner: string): void {
    this.#database.prepare("DELETE FROM member WHERE owner = ?").run(owner);
  }

  close(): void {
    this.#database.close();
  }

  #settle(
    owner: string,
    acknowledged: readonly number[],
    rejected: readonly number[],
    now: number,
  ): void {
    const remove = this.#database.prepare("DELETE FROM delivery WHERE seq = ?");
    for (const seq of acknowledged) remove.run(seq);
    const free = this.#database.prepare(
      `UPDATE delivery SET holder = NULL, failures = failures + 1
       WHERE seq = ? AND holder = ? RETURNING failures`,
    );
    const delay = this.#database.prepare("UPDATE delivery SET due_at = ? WHERE seq = ?");
    for (const seq of rejected) {
      const row = free.get(seq, owner);
      if (row !== undefined) delay.run(now + redeliveryPauseMs(Number(row.failures)), seq);
    }
  }

  #renew(owner: string, now: number, leaseMs: number): void {
    this.#database
      .prepare("INSERT OR REPLACE INTO member (owner, expires_at) VALUES (?, ?)")
      .run(owner, now + leaseMs);
    this.#database.prepare("DELETE FROM member WHERE expires_at <= ?").run(now);
  }

  #transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }
}

/** Translates an error of SQLite: the bus cannot be used now. */
export function explain(error: unknown, path: string): OdoriError {
  return error instanceof OdoriError ? error : busUnavailable(path, error);
}
