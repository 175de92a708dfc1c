import { Mutex } from "../adapter/mutex.ts";
import type { Connection, Sql } from "../adapters/sqlite/sql.ts";
import { SqliteStore } from "../adapters/sqlite/store.ts";
import type { SimulatedDatabase } from "./database.ts";
import { RunTransaction } from "./run-transaction.ts";

const BUSY = `SELECT EXISTS (SELECT 1 FROM odori_outbox)
  OR EXISTS (SELECT 1 FROM odori_deferred WHERE state IN ('retrying', 'armed')) AS busy`;
const COUNT_PARKED = "SELECT count(*) AS count FROM odori_deferred WHERE state = 'parked'";
const EXPIRE = `UPDATE odori_member
  SET died_at = ?2, expires_at = min(expires_at, ?2), deaths = deaths + 1
  WHERE owner = ?1 AND died_at IS NULL`;

/** A service in SQLite in memory, with its bookkeeping in the tables of `odori/sqlite`. */
export class SqliteTables implements SimulatedDatabase<Sql> {
  readonly #run = new RunTransaction();
  /** Shared by the processes of the service: each of them is a store of its own. */
  #writer = new Mutex();

  get rows(): Sql {
    return this.#connection.raw;
  }

  open(): SqliteStore {
    return new SqliteStore(":memory:", {}, { connection: this.#connection, writer: this.#writer });
  }

  keep(): void {
    this.#run.keep();
  }

  reset(): void {
    // A handler of the run before may never end, and would hold it for ever.
    this.#writer = new Mutex();
    this.#run.reset();
  }

  get inTransaction(): boolean {
    return this.#writer.busy;
  }

  get busy(): boolean {
    return this.#connection.get(BUSY)?.busy === 1;
  }

  get parked(): number {
    return Number(this.#connection.get(COUNT_PARKED)?.count);
  }

  expire(owner: string, now: number): void {
    // In turn with the transactions: one that is undone would undo this as well.
    void this.#writer.run(async () => this.#connection.run(EXPIRE, owner, now));
  }

  close(): void {
    this.#connection.database.close();
  }

  get #connection(): Connection {
    return this.#run.connection;
  }
}
