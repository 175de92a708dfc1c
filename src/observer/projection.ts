import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { OdoriError } from "../contract/errors.ts";
import { quote, stemOf } from "../contract/grammar.ts";
import type { SagaSummary } from "../observe/summary.ts";
import type { Account, AccountLine } from "./ledger.ts";
import { PROJECTION_MARK, PROJECTION_TABLES, PROJECTION_VERSION } from "./tables.ts";
import { type SagaVerdict, VERDICTS, verdictAt } from "./verdict.ts";

/** A saga as it is projected. */
export interface Judged {
  readonly summary: SagaSummary;
  readonly verdict: SagaVerdict;
}

/** What one commit of a projection writes. */
export interface Intake {
  readonly sagas: readonly Judged[];
  readonly accounts: readonly Account[];
  /** By service: where its feed goes on. */
  readonly cursors: ReadonlyMap<string, string>;
}

/**
 * Where all sagas stand, in an SQLite file of its own. Rows and cursors are of one commit, so a
 * process that dies goes on where it was.
 */
export class Projection {
  readonly #database: DatabaseSync;

  /** `path` may be `:memory:`. Throws `OPTION_INVALID` for a database that is not a projection. */
  constructor(path: string) {
    const database = new DatabaseSync(path);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const mark = database.prepare("PRAGMA application_id").get()?.application_id;
    if (tables.length > 0 && mark !== PROJECTION_MARK) {
      database.close();
      throw new OdoriError("OPTION_INVALID", `The database ${quote(path)} is not a projection.`, {
        hint: "Name a file that does not exist, or one that odori ledger has made.",
      });
    }
    // It can be built again: a power failure may cost the last commits, and no more.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version !== PROJECTION_VERSION) {
      database.exec("BEGIN IMMEDIATE");
      for (const { name } of tables) database.exec(`DROP TABLE "${name}"`);
      database.exec(PROJECTION_TABLES);
      database.exec(`PRAGMA application_id = ${PROJECTION_MARK}`);
      database.exec(`PRAGMA user_version = ${PROJECTION_VERSION}`);
      database.exec("COMMIT");
    }
    this.#database = database;
  }

  cursor(service: string): string | undefined {
    const [row] = this.#all("SELECT cursor FROM source WHERE service = ?", service);
    return typeof row?.cursor === "string" ? row.cursor : undefined;
  }

  /** The ids of sagas in which something is open, in order, behind one of them. */
  openSagas(behind: string, limit: number): readonly string[] {
    const rows = this.#all(
      "SELECT id FROM saga WHERE open > 0 AND id > ? ORDER BY id LIMIT ?",
      behind,
      limit,
    );
    return rows.map(({ id }) => String(id));
  }

  apply({ sagas, accounts, cursors }: Intake): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const saga of sagas) this.#put(saga);
      for (const { stem, service, reaction, emitted, handled } of accounts)
        this.#run(
          `INSERT INTO account VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
           SET emitted = emitted + excluded.emitted, handled = handled + excluded.handled`,
          stem,
          service,
          reaction,
          emitted,
          handled,
        );
      for (const [service, cursor] of cursors)
        this.#run("INSERT OR REPLACE INTO source VALUES (?, ?)", service, cursor);
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** How many sagas have each verdict. */
  counts(now: number): ReadonlyMap<SagaVerdict, number> {
    const counts = new Map<SagaVerdict, number>();
    for (const { verdict, oldest, n } of this.#all(
      `SELECT verdict, CASE WHEN verdict = 'running' THEN oldest END AS oldest, count(*) AS n
       FROM saga GROUP BY 1, 2`,
    )) {
      const at = verdictAt(verdictIn(verdict), optional(oldest), now);
      counts.set(at, (counts.get(at) ?? 0) + Number(n));
    }
    return counts;
  }

  /** Every account, with what is open of it. */
  accounts(): readonly AccountLine[] {
    const rows = this.#all(
      `SELECT a.*, coalesce(d.off, 0) AS off, coalesce(d.way, 0) AS way
       FROM account a LEFT JOIN (
         SELECT stem, service, reaction, sum(state <> 'on its way') AS off,
           sum(state = 'on its way') AS way
         FROM delivery WHERE state <> 'armed' GROUP BY 1, 2, 3) d
       USING (stem, service, reaction) ORDER BY stem, service, reaction`,
    );
    return rows.map(({ stem, service, reaction, emitted, handled, off, way }) => ({
      stem: String(stem),
      service: String(service),
      reaction: String(reaction),
      emitted: Number(emitted),
      handled: Number(handled),
      putOff: Number(off),
      onItsWay: Number(way),
    }));
  }

  /** Every row, for comparisons. */
  dump(): readonly Record<string, SQLOutputValue>[] {
    return ["saga", "delivery", "account"].flatMap((table) =>
      this.#all(`SELECT '${table}' AS of, * FROM ${table} ORDER BY 2, 3, 4, 5, 6`),
    );
  }

  close(): void {
    this.#database.close();
  }

  #put({ summary, verdict }: Judged): void {
    const { sagaId, correlationId, began, last, end, steps, open } = summary;
    const correlation = correlationId === sagaId ? null : correlationId;
    const oldest = open[0]?.since ?? null;
    this.#run("DELETE FROM delivery WHERE saga = ?", sagaId);
    this.#run(
      "INSERT OR REPLACE INTO saga VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      sagaId,
      correlation,
      began,
      last,
      verdict,
      end?.type ?? null,
      steps,
      open.length,
      oldest,
    );
    for (const { service, reaction, type, state, since, dueAt } of open)
      this.#run(
        "INSERT INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?)",
        sagaId,
        service,
        reaction,
        stemOf(type),
        state,
        since,
        dueAt ?? null,
      );
  }

  readonly #statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();

  #prepare(text: string) {
    const known = this.#statements.get(text) ?? this.#database.prepare(text);
    this.#statements.set(text, known);
    return known;
  }

  #run(text: string, ...values: (string | number | null)[]): void {
    this.#prepare(text).run(...values);
  }

  #all(text: string, ...values: (string | number)[]): Record<string, SQLOutputValue>[] {
    return this.#prepare(text).all(...values);
  }
}

function verdictIn(value: unknown): SagaVerdict {
  return VERDICTS.find((one) => one === value) ?? "rest";
}

function optional(value: SQLOutputValue | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}
