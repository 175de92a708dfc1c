import { DatabaseSync, type StatementSync } from "node:sqlite";
import { Connection } from "../adapters/sqlite/sql.ts";

/** Nothing has to survive this process. */
const IN_MEMORY = "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF";

/**
 * A SQLite database in memory, with one transaction around each run: those of services are
 * savepoints in it, and it is rolled back for the next run.
 */
export class RunTransaction {
  readonly connection: Connection;
  readonly #begin: StatementSync;
  readonly #rollback: StatementSync;

  constructor() {
    const sqlite = new DatabaseSync(":memory:");
    sqlite.exec(IN_MEMORY);
    this.connection = new Connection(":memory:", sqlite);
    this.#begin = sqlite.prepare("BEGIN");
    this.#rollback = sqlite.prepare("ROLLBACK");
    this.#begin.run();
  }

  /** Each run begins with what is there now. */
  keep(): void {
    this.connection.database.exec("COMMIT");
    this.#begin.run();
  }

  reset(): void {
    // A statement such as `INSERT OR ROLLBACK` may have ended it.
    if (this.connection.database.isTransaction) this.#rollback.run();
    this.#begin.run();
  }
}
