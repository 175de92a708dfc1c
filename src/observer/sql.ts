import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

/** A row, by the names of its columns. */
export type StoredRow = Readonly<Record<string, SQLOutputValue>>;
export type StoredValue = string | number | null;

/** ProjectionSql of one SQLite database, each prepared once. */
export class ProjectionSql {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(text: string, ...values: StoredValue[]): readonly StoredRow[] {
    return this.#prepared(text).all(...values);
  }

  first(text: string, ...values: StoredValue[]): StoredRow | undefined {
    return this.#prepared(text).get(...values);
  }

  /** Returns how many rows have changed. */
  run(text: string, ...values: StoredValue[]): number {
    return Number(this.#prepared(text).run(...values).changes);
  }

  /** Commits what `work` writes, or nothing of it. */
  transaction<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #prepared(text: string) {
    const known = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, known);
    return known;
  }
}

export function textIn(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function numberIn(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
