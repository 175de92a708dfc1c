import { decodeStored, encodeStored } from "../../cloudevents/json.ts";
import { stemOf } from "../../contract/grammar.ts";
import { birthIn } from "../../ports/birth.ts";
import type {
  GatheredEvent,
  Receipt,
  ReceiptStatus,
  Received,
  Writes,
  Written,
} from "../../ports/bookkeeping.ts";
import { BLOCKING, type NewDeferred } from "../../ports/deferred.ts";
import { alreadyReceived } from "../../ports/errors.ts";
import type { JournalEntry } from "../../ports/journal.ts";
import type { HandlerScope, StoreTransaction } from "../../ports/transaction.ts";
import { BECOMES_DUE, BLOCKS, RELEASE_NEXT } from "./deferred.ts";
import type { Sql } from "./sql.ts";

const FIND_SAGA = "SELECT born, marks FROM odori_saga WHERE saga_id = ?";
const FIND_INBOX = `SELECT 1 FROM odori_inbox
  WHERE born = ? AND saga_id = ? AND reaction = ? AND source = ? AND id = ? AND stem = ?`;
const FIND_PASSED = `SELECT 1 FROM odori_inbox AS i, json_each(?3) AS sought
  WHERE born = ?1 AND saga_id = ?2 AND (
    rtrim(i.type, '0123456789') = rtrim(sought.value, '0123456789')
    OR EXISTS (SELECT 1 FROM json_each(i.emitted) AS e WHERE
      rtrim(e.value ->> 'type', '0123456789') = rtrim(sought.value, '0123456789'))) LIMIT 1`;
const ANY_BLOCKING = `SELECT 1 FROM odori_deferred WHERE ${BLOCKS} LIMIT 1`;
const FIND_BLOCKING = `SELECT 1 FROM odori_deferred
  WHERE saga_id = ? AND reaction = ? AND ${BLOCKS} LIMIT 1`;
const FIND_CLAIMED = `SELECT 1 FROM odori_deferred WHERE seq = ? AND owner IS ? AND ${BECOMES_DUE}`;
const FIND_GATHERED = `SELECT seq, body FROM odori_deferred
  WHERE saga_id = ? AND reaction = ? AND state = 'gathered' ORDER BY seq`;
/** JSON of marks is merged by name: their states are texts. */
const PUT_SAGA = `INSERT INTO odori_saga (saga_id, born, last, marks, correlation_id)
  VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET last = max(last, excluded.last),
    correlation_id = coalesce(correlation_id, excluded.correlation_id),
    marks = CASE excluded.marks WHEN '{}' THEN marks ELSE json_patch(marks, excluded.marks) END
  RETURNING born`;
const INSERT_INBOX = `INSERT INTO odori_inbox (born, saga_id, reaction, source, id, stem,
    type, causation_id, disposition, effect, emitted, attempt, duration_ms, fingerprint, at,
    duplicates)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const COUNT_DUPLICATE = `UPDATE odori_inbox SET duplicates = duplicates + 1
  WHERE born = (SELECT born FROM odori_saga WHERE saga_id = ?1) AND saga_id = ?1
    AND reaction = ?2 AND source = ?3 AND id = ?4 AND stem = ?5`;
const FIND_DUPLICATES = `SELECT duplicates FROM odori_inbox
  WHERE born = ? AND saga_id = ? AND reaction = ? AND source = ? AND id = ? AND stem = ?`;
const DELETE_INBOX = `DELETE FROM odori_inbox
  WHERE born = ? AND saga_id = ? AND reaction = ? AND source = ? AND id = ? AND stem = ?`;
const INSERT_OUTBOX =
  "INSERT INTO odori_outbox (owner, count, events, at) VALUES (?, ?, ?, ?) RETURNING ticket";
const DELETE_OUTBOX = "DELETE FROM odori_outbox WHERE ticket = ?";
const REDUCE_OUTBOX = "UPDATE odori_outbox SET count = ?, events = ? WHERE ticket = ?";
const RELEASE_OUTBOX = "UPDATE odori_outbox SET owner = NULL WHERE ticket = ? AND owner = ?";
const INSERT_DEFERRED = `INSERT INTO odori_deferred (reaction, saga_id, source, id, type, state,
    attempts, due_at, set_at, problem, malformed, body, at, owner)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq`;
const UPDATE_DEFERRED = `UPDATE odori_deferred SET state = ?, attempts = ?, due_at = ?, set_at = ?,
    problem = ?, claims = 0, owner = NULL
  WHERE seq = ? RETURNING saga_id, reaction`;
const DELETE_DEFERRED = "DELETE FROM odori_deferred WHERE seq = ? RETURNING saga_id, reaction";
const DROP_DEFERRED = "DELETE FROM odori_deferred WHERE saga_id = ? AND reaction = ? AND state = ?";

/** What a batch writes into the row of one saga. */
interface SagaChange {
  /** The id of one of its events. */
  readonly id: string;
  readonly correlation: string | undefined;
  readonly marks: Map<string, string>;
}

/** The process that writes. */
export interface Writer {
  /** The process that publishes the outbox rows; null leaves them to the relay. */
  readonly owner: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `Session.fingerprint`. */
  readonly fingerprint: string | undefined;
}

/**
 * The bookkeeping inside one transaction. BEGIN IMMEDIATE admits one writer, so what it looked up
 * cannot change before it ends.
 */
export class SqliteTransaction implements StoreTransaction<Sql> {
  readonly native: Sql;
  readonly scope: () => HandlerScope<Sql>;
  readonly #writer: Writer;

  /** `scope` makes the scope of one handler. */
  constructor(native: Sql, writer: Writer, scope: () => HandlerScope<Sql>) {
    this.native = native;
    this.#writer = writer;
    this.scope = scope;
  }

  async receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    const sql = this.native;
    const anyBlocking = sql.get(ANY_BLOCKING) !== undefined;
    return receipts.map((receipt) => {
      const saga = sql.get(FIND_SAGA, receipt.sagaId);
      const born = saga === undefined ? undefined : Number(saga.born);
      return {
        status: this.#status(receipt, born, anyBlocking),
        born,
        marks: saga === undefined ? new Map() : marksOf(String(saga.marks)),
        gathered: receipt.gathers ? this.#gathered(receipt) : [],
        found: this.#hasPassed(receipt, born),
      };
    });
  }

  async write(writes: Writes): Promise<Written> {
    const sql = this.native;
    const now = this.#writer.now();
    const born = this.#touch(writes, now);
    for (const entry of writes.journal) {
      if (this.#insert(entry, born, now, 0) === 0) throw alreadyReceived(entry);
    }
    for (const entry of writes.amend) {
      const key = keyOf(entry, born);
      const duplicates = Number(sql.get(FIND_DUPLICATES, ...key)?.duplicates ?? 0);
      // A row that is inserted again gets the next place in the feed.
      sql.run(DELETE_INBOX, ...key);
      this.#insert(entry, born, now, duplicates);
    }
    for (const { sagaId, reaction, source, id, type } of writes.duplicates)
      sql.run(COUNT_DUPLICATE, sagaId, reaction, source, id, stemOf(type));
    for (const { ticket, events } of writes.reduce)
      sql.run(REDUCE_OUTBOX, events.length, encodeStored(events), ticket);
    for (const ticket of writes.release) sql.run(RELEASE_OUTBOX, ticket, this.#writer.owner);
    for (const ticket of writes.confirm) sql.run(DELETE_OUTBOX, ticket);
    const deferred = writes.defer.map((row) => this.#defer(row, now));
    const released = this.#changeDeferred(writes, now);
    if (writes.enqueue.length === 0) return { ticket: undefined, deferred, released };
    const { owner } = this.#writer;
    const events = encodeStored(writes.enqueue);
    const row = sql.get(INSERT_OUTBOX, owner, writes.enqueue.length, events, now);
    return { ticket: Number(row?.ticket), deferred, released };
  }

  #status(receipt: Receipt, born: number | undefined, anyBlocking: boolean): ReceiptStatus {
    const sql = this.native;
    const { reaction, source, id, type, sagaId, deferred } = receipt;
    if (deferred !== undefined)
      return sql.get(FIND_CLAIMED, deferred, this.#writer.owner) === undefined ? "gone" : "fresh";
    if (born === undefined) return "fresh";
    if (sql.get(FIND_INBOX, born, sagaId, reaction, source, id, stemOf(type)) !== undefined)
      return "duplicate";
    return anyBlocking && sql.get(FIND_BLOCKING, sagaId, reaction) !== undefined
      ? "blocked"
      : "fresh";
  }

  /** Writes the row of each saga. Returns when each began. */
  #touch({ journal, amend, marks, defer }: Writes, now: number): ReadonlyMap<string, number> {
    const changes = new Map<string, SagaChange>();
    const changeOf = (sagaId: string, id: string, correlationId?: string) => {
      const correlation = correlationId === sagaId ? undefined : correlationId;
      const known = changes.get(sagaId) ?? { id, correlation, marks: new Map() };
      changes.set(sagaId, known);
      return known;
    };
    for (const rows of [journal, amend])
      for (const { sagaId, id, correlationId } of rows) changeOf(sagaId, id, correlationId);
    for (const { sagaId, id } of defer) changeOf(sagaId, id);
    for (const { sagaId, name, state } of marks) changeOf(sagaId, "").marks.set(name, state);
    const born = new Map<string, number>();
    for (const [sagaId, change] of changes) {
      const birth = birthIn(change.id, now) ?? now;
      const merged = JSON.stringify(Object.fromEntries(change.marks));
      const { correlation = null } = change;
      const row = this.native.get(PUT_SAGA, sagaId, birth, now, merged, correlation);
      born.set(sagaId, Number(row?.born));
    }
    return born;
  }

  #gathered({ reaction, sagaId }: Receipt): readonly GatheredEvent[] {
    return this.native
      .all(FIND_GATHERED, sagaId, reaction)
      .flatMap(({ seq, body }) =>
        decodeStored(String(body)).map((event) => ({ seq: Number(seq), event })),
      );
  }

  #hasPassed({ sagaId, seeks }: Receipt, born: number | undefined): boolean {
    if (seeks.length === 0 || born === undefined) return false;
    return this.native.get(FIND_PASSED, born, sagaId, JSON.stringify(seeks)) !== undefined;
  }

  /** Returns how many rows it inserted: 0 if the row exists. */
  #insert(
    entry: JournalEntry,
    born: ReadonlyMap<string, number>,
    now: number,
    duplicates: number,
  ): number {
    const { type, causationId, disposition, effect, emitted, attempt, durationMs } = entry;
    return this.native.run(
      INSERT_INBOX,
      ...keyOf(entry, born),
      type,
      causationId ?? null,
      disposition,
      effect ?? null,
      JSON.stringify(emitted),
      attempt ?? null,
      durationMs ?? null,
      this.#writer.fingerprint ?? null,
      now,
      duplicates,
    );
  }

  /** Returns the row's `seq`. */
  #defer(row: NewDeferred, now: number): number {
    const { reaction, sagaId, source, id, type, state, attempts, delayMs, problem, body } = row;
    const inserted = this.native.get(
      INSERT_DEFERRED,
      reaction,
      sagaId,
      source,
      id,
      type,
      state,
      attempts,
      now + delayMs,
      now,
      toJson(problem),
      Number(body.malformed),
      body.text,
      now,
      row.held === true ? (this.#writer.owner ?? null) : null,
    );
    return Number(inserted?.seq);
  }

  /** Returns whether a delivery that waited has become due. */
  #changeDeferred(writes: Writes, now: number): boolean {
    const sql = this.native;
    let released = 0;
    for (const { seq, state, attempts, delayMs, problem } of writes.redefer) {
      const values = [state, attempts, now + delayMs, now, toJson(problem), seq] as const;
      const row = sql.get(UPDATE_DEFERRED, ...values);
      if (row !== undefined && !BLOCKING.includes(state))
        released += sql.run(RELEASE_NEXT, now, String(row.saga_id), String(row.reaction));
    }
    for (const seq of writes.settle) {
      const row = sql.get(DELETE_DEFERRED, seq);
      if (row !== undefined)
        released += sql.run(RELEASE_NEXT, now, String(row.saga_id), String(row.reaction));
    }
    for (const { reaction, sagaId, state } of writes.drop)
      sql.run(DROP_DEFERRED, sagaId, reaction, state);
    return released > 0;
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

function keyOf(
  { sagaId, reaction, source, id, type }: JournalEntry,
  born: ReadonlyMap<string, number>,
) {
  return [born.get(sagaId) ?? 0, sagaId, reaction, source, id, stemOf(type)] as const;
}

function marksOf(json: string): ReadonlyMap<string, string> {
  const marks: Readonly<Record<string, string>> = JSON.parse(json);
  return new Map(Object.entries(marks));
}
