import { DatabaseSync } from "node:sqlite";
import { OdoriError } from "../contract/errors.ts";
import { quote } from "../contract/grammar.ts";
import type { Reach } from "../observe/reach.ts";
import type { SourceAbout } from "../ports/source.ts";
import { openActions } from "./action-table.ts";
import { CLOSED_LIMITS, type ClosedLimits, ClosedSagas } from "./closed-sagas.ts";
import { Lateness } from "./late.ts";
import { type Account, type AccountLine, EARLY_MS } from "./ledger.ts";
import type { HeldDelivery } from "./passages.ts";
import { type Passage, Rates } from "./rates.ts";
import { type Judged, NOT_PUT_OFF, SagaRows } from "./saga-rows.ts";
import { ProjectionSql, type StoredRow, textIn } from "./sql.ts";
import {
  FOLLOWING_TABLES,
  PROJECTION_MARK,
  PROJECTION_TABLES,
  PROJECTION_VERSION,
  RESTS,
} from "./tables.ts";
import { type SagaVerdict, VERDICTS } from "./verdict.ts";

/** What one commit of a projection writes. */
export interface Intake {
  readonly sagas: readonly Judged[];
  readonly accounts: readonly Account[];
  readonly passages: readonly Passage[];
  /** Where the feed of each service goes on, and what the service has declared. */
  readonly places: readonly { readonly cursor: string; readonly about: SourceAbout }[];
}

/** Each table with rows of one saga, the column with its id, and an order of its rows. */
const SAGA_TABLES = [
  ["saga", "id", "id"],
  ["delivery", "saga", "saga, service, reaction, type, since, seq"],
  ["parked", "saga", "service, seq"],
  ["early", "saga", "saga, service, reaction, stem"],
] as const;

/** An account of which something was counted, or is open. */
const HAS_SUMS = "emitted + handled + discarded + put_off + on_way > 0";
/** Nothing is summed over deliveries: a million sagas may have as many. */
export const ACCOUNTS = `SELECT account.*, coalesce(e.n, 0) AS early FROM account LEFT JOIN (
    SELECT stem, service, reaction, count(*) AS n FROM early WHERE at > ? GROUP BY 1, 2, 3) e
  USING (stem, service, reaction) WHERE ${HAS_SUMS} ORDER BY stem, service, reaction`;

/**
 * Where all sagas stand, in an SQLite file of its own. Rows and cursors are of one commit, so a
 * process that dies goes on where it was.
 */
export class Projection {
  /** For those who only read. */
  readonly sql: ProjectionSql;
  readonly rates: Rates;
  readonly #database: DatabaseSync;
  readonly #sagas: SagaRows;
  readonly #late: Lateness;
  readonly #closed: ClosedSagas;
  /** By service: the declarations that were written last. */
  readonly #written = new Map<string, SourceAbout>();

  /**
   * Throws `OPTION_INVALID` for a database that is not a projection.
   *
   * @param path a file, or `:memory:`
   * @param record a file for what people do; undefined: with all else
   */
  constructor(path: string, limits: ClosedLimits = CLOSED_LIMITS, record?: string) {
    const database = new DatabaseSync(path);
    const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    const mark = database.prepare("PRAGMA application_id").get()?.application_id;
    if (tables.length > 0 && mark !== PROJECTION_MARK) {
      database.close();
      throw new OdoriError("OPTION_INVALID", `The database ${quote(path)} is not a projection.`, {
        hint: "Name a file that does not exist, or one that odori ledger or console has made.",
      });
    }
    // It can be built again: a power failure may cost the last commits, and no more.
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536",
    );
    database.exec("PRAGMA busy_timeout = 5000");
    const version = database.prepare("PRAGMA user_version").get()?.user_version;
    if (version !== PROJECTION_VERSION) {
      database.exec("BEGIN IMMEDIATE");
      // What people did is in no journal.
      for (const { name } of tables) if (name !== "action") database.exec(`DROP TABLE "${name}"`);
      database.exec(PROJECTION_TABLES);
      database.exec(`PRAGMA application_id = ${PROJECTION_MARK}`);
      database.exec(`PRAGMA user_version = ${PROJECTION_VERSION}`);
      database.exec("COMMIT");
    }
    openActions(database, record);
    this.#database = database;
    this.sql = new ProjectionSql(database);
    this.rates = new Rates(this.sql);
    this.#sagas = new SagaRows(this.sql);
    this.#late = new Lateness(this.sql, this.rates, this.#sagas);
    this.#closed = new ClosedSagas(this.sql, limits);
  }

  cursor(service: string): string | undefined {
    const row = this.sql.first("SELECT cursor FROM source WHERE service = ?", service);
    return textIn(row?.cursor);
  }

  /** Every service whose feed has led here, with what it had declared. */
  abouts(): readonly SourceAbout[] {
    return this.sql.all("SELECT service, declared FROM source ORDER BY service").map((row) => ({
      service: textIn(row.service) ?? "",
      declarations: JSON.parse(textIn(row.declared) ?? "[]"),
    }));
  }

  /** Every service whose feed has led here. */
  services(): readonly string[] {
    return this.sql.all("SELECT service FROM source").map(({ service }) => String(service));
  }

  /** Forgets all that follows from journals. What people did stays. */
  reset(): void {
    this.sql.transaction(() => {
      for (const table of FOLLOWING_TABLES) this.sql.run(`DELETE FROM ${table}`);
    });
    this.#written.clear();
  }

  /**
   * Those among sagas that it knows or may have known. By id, with the time when a saga began if
   * its beginning is told now: else it may be one that was forgotten.
   */
  met(began: ReadonlyMap<string, number | undefined>): ReadonlySet<string> {
    const text = "SELECT id FROM saga WHERE id IN (SELECT value FROM json_each(?))";
    const known = this.sql.all(text, JSON.stringify([...began.keys()])).map(({ id }) => String(id));
    // Read behind those: what another process forgets meanwhile is in one or the other.
    const { upTo } = this.#closed;
    const isNew = (at: number | undefined) => upTo === undefined || (at ?? upTo) > upTo;
    return new Set([...known, ...[...began].flatMap(([id, at]) => (isNew(at) ? [] : [id]))]);
  }

  /** The ids of sagas that were judged without a service that may have a part in them, in order. */
  unreadSagas(behind: string, limit: number): readonly string[] {
    const text = "SELECT id FROM saga WHERE unread IS NOT NULL AND id > ? ORDER BY id LIMIT ?";
    return this.sql.all(text, behind, limit).map(({ id }) => String(id));
  }

  /** The services that some saga was judged without. */
  unreadServices(): ReadonlySet<string> {
    const rows = this.sql.all("SELECT DISTINCT unread FROM saga WHERE unread IS NOT NULL");
    return new Set(rows.flatMap(({ unread }) => JSON.parse(textIn(unread) ?? "[]")));
  }

  /** The ids of sagas in which something is open, in order, behind one of them. */
  openSagas(behind: string, limit: number): readonly string[] {
    const text = "SELECT id FROM saga WHERE open > 0 AND id > ? ORDER BY id LIMIT ?";
    return this.sql.all(text, behind, limit).map(({ id }) => String(id));
  }

  /** Tells how deliveries of some sagas are put off: `retrying`, `waiting` or `parked`. */
  putOff(sagas: Iterable<string>): (delivery: HeldDelivery) => string | undefined {
    const text = `SELECT saga, service, reaction, stem, state FROM delivery
      WHERE saga IN (SELECT value FROM json_each(?))
        AND state NOT IN (SELECT value FROM json_each(?))`;
    const others = JSON.stringify([...NOT_PUT_OFF, RESTS]);
    const rows = this.sql.all(text, JSON.stringify([...sagas]), others);
    const keyOf = (...names: readonly unknown[]) => JSON.stringify(names);
    const states = new Map(
      rows.map(({ saga, service, reaction, stem, state }) => [
        keyOf(saga, service, reaction, stem),
        textIn(state),
      ]),
    );
    return ({ sagaId, service, reaction, stem }) =>
      states.size === 0 ? undefined : states.get(keyOf(sagaId, service, reaction, stem));
  }

  /** The ids of sagas with a delivery that was put off, in order, behind one of them. */
  deferredSagas(behind: string, limit: number): readonly string[] {
    const text = "SELECT id FROM saga WHERE deferred > 0 AND id > ? ORDER BY id LIMIT ?";
    return this.sql.all(text, behind, limit).map(({ id }) => String(id));
  }

  /** The ids of sagas that were to go on with causes that are missing, in order, behind one. */
  causelessSagas(now: number, behind: string, limit: number): readonly string[] {
    const text = `SELECT id FROM saga INDEXED BY saga_causeless
      WHERE verdict = 'running' AND open = 0 AND unread IS NULL AND unnamed IS NULL AND id > ?
        AND NOT EXISTS (SELECT 1 FROM early WHERE saga = id AND at > ?)
      ORDER BY id LIMIT ?`;
    return this.sql.all(text, behind, now - EARLY_MS, limit).map(({ id }) => String(id));
  }

  /** The ids of sagas that wait for an event that may be lost, in order, behind one of them. */
  passedSagas({ settled }: Reach, behind: string, limit: number): readonly string[] {
    const passed = [...settled].map(([hearer, of]) => [hearer, Math.max(0, ...of.values())]);
    const latest = Math.max(0, ...passed.map(([, before]) => Number(before)));
    const text = `SELECT DISTINCT saga FROM delivery
        JOIN json_each(?) AS passed ON service = passed.value->>0 AND since < passed.value->>1
      WHERE state = 'on its way' AND verdict IN ('running', 'late') AND since < ? AND saga > ?
      ORDER BY saga LIMIT ?`;
    const rows = this.sql.all(text, JSON.stringify(passed), latest, behind, limit);
    return rows.map(({ saga }) => String(saga));
  }

  /**
   * Writes what was read. False, and nothing is written, if another process has read on since:
   * `from` has the cursors with which the reading began.
   */
  apply(
    { sagas, accounts, passages, places }: Intake,
    from: ReadonlyMap<string, string | undefined> = new Map(),
  ): boolean {
    return this.sql.transaction(() => {
      for (const [service, cursor] of from) if (this.cursor(service) !== cursor) return false;
      this.#sagas.putAll(sagas);
      for (const { stem, service, reaction, emitted, handled, discarded } of accounts)
        this.sql.run(
          `INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0) ON CONFLICT DO UPDATE
           SET emitted = emitted + excluded.emitted, handled = handled + excluded.handled,
             discarded = discarded + excluded.discarded`,
          ...[stem, service, reaction, emitted, handled, discarded],
        );
      this.rates.add(passages);
      for (const { cursor, about } of places) this.#putPlace(cursor, about);
      return true;
    });
  }

  #putPlace(cursor: string, about: SourceAbout): void {
    const { service, declarations } = about;
    // Declarations are large, and change with a deployment.
    const update = "UPDATE source SET cursor = ? WHERE service = ?";
    const isThere = this.#written.get(service) === about && this.sql.run(update, cursor, service);
    // Another process may have reset the projection.
    if (!isThere)
      this.sql.run(
        "INSERT OR REPLACE INTO source VALUES (?, ?, ?)",
        ...[service, cursor, JSON.stringify(declarations)],
      );
    this.#written.set(service, about);
  }

  /**
   * Changes the verdicts that only the time changes.
   *
   * @param unsure services whose journal was not read to its end: what is on its way to them may
   *   have come
   * @param behindMs how far a clock of an emitter may be behind
   */
  tick(now: number, unsure: readonly string[] = [], behindMs = 0): void {
    this.sql.transaction(() => {
      this.#late.mark(now - behindMs, unsure);
      this.rates.sweep(now);
    });
  }

  /** Forgets closed sagas beyond the limits, some with each call. */
  forget(now: number): void {
    this.sql.transaction(() => this.#closed.sweep(now));
  }

  /** How many closed sagas were forgotten. */
  get forgotten(): number {
    return this.#closed.forgotten;
  }

  /** How many sagas have each verdict. */
  counts(): ReadonlyMap<SagaVerdict, number> {
    const rows = this.sql.all("SELECT verdict, n FROM tally WHERE n > 0");
    const counts = new Map(rows.map(({ verdict, n }) => [textIn(verdict), Number(n)]));
    return new Map(
      VERDICTS.flatMap((verdict) => {
        const n = counts.get(verdict);
        return n === undefined ? [] : [[verdict, n] as const];
      }),
    );
  }

  /** Every account, with what is open of it at a time. */
  accounts(now: number): readonly AccountLine[] {
    const rows = this.sql.all(ACCOUNTS, now - EARLY_MS);
    return rows.map((row) => ({
      stem: String(row.stem),
      service: String(row.service),
      reaction: String(row.reaction),
      emitted: Number(row.emitted) + Number(row.uncounted),
      handled: Number(row.handled),
      discarded: Number(row.discarded),
      putOff: Number(row.put_off),
      onItsWay: Number(row.on_way),
      early: Number(row.early),
    }));
  }

  /** Every row of some sagas, for comparisons. */
  rowsOf(sagas: readonly string[]): readonly StoredRow[] {
    const ids = JSON.stringify(sagas);
    return SAGA_TABLES.flatMap(([table, id, order]) => {
      const text = `SELECT * FROM ${table} WHERE ${id} IN (SELECT value FROM json_each(?))`;
      return this.sql.all(`${text} ORDER BY ${order}`, ids);
    });
  }

  /** Every row that follows from the journals alone, for comparisons. */
  dump(): readonly StoredRow[] {
    const ordered = [
      ...SAGA_TABLES.map(([table, , order]) => `${table} ORDER BY ${order}`),
      `account WHERE ${HAS_SUMS} ORDER BY stem, service, reaction`,
      "tally WHERE n <> 0 ORDER BY verdict",
      "took WHERE n <> 0 ORDER BY bucket",
    ];
    return ordered.flatMap((rows) => this.sql.all(`SELECT * FROM ${rows}`));
  }

  close(): void {
    this.#database.close();
  }
}
