import { decodeStored, encodeStored } from "../../cloudevents/json.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { Receipt, ReceiptStatus, Received, Ticket, Writes } from "../../ports/bookkeeping.ts";
import { BLOCKING } from "../../ports/deferred.ts";
import { alreadyReceived } from "../../ports/errors.ts";
import type { JournalEntry } from "../../ports/journal.ts";
import type { HandlerScope, StoreTransaction } from "../../ports/transaction.ts";
import { BLOCKS, RELEASE_NEXT } from "./deferred.ts";
import type { Sql } from "./sql.ts";

const FIND_INBOX = "SELECT 1 FROM odori_inbox WHERE id = ? AND reaction = ? AND source = ?";
const FIND_MARKS = "SELECT name, state FROM odori_fence WHERE saga_id = ?";
const ANY_BLOCKING = `SELECT 1 FROM odori_deferred WHERE ${BLOCKS} LIMIT 1`;
const FIND_BLOCKING = `SELECT 1 FROM odori_deferred
  WHERE saga_id = ? AND reaction = ? AND ${BLOCKS} LIMIT 1`;
const FIND_CLAIMED =
  "SELECT 1 FROM odori_deferred WHERE seq = ? AND owner IS ? AND state IN ('retrying', 'armed')";
const FIND_GATHERED = `SELECT body FROM odori_deferred
  WHERE saga_id = ? AND reaction = ? AND state = 'gathered' ORDER BY seq`;
const INSERT_INBOX = `INSERT INTO odori_inbox (reaction, source, id, type, saga_id, causation_id,
    disposition, effect, emitted, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;
const AMEND_INBOX = `UPDATE odori_inbox SET disposition = ?, effect = ?, emitted = ?, at = ?
  WHERE id = ? AND reaction = ? AND source = ?`;
const PUT_MARK = `INSERT INTO odori_fence (saga_id, name, state) VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET state = excluded.state`;
const INSERT_OUTBOX =
  "INSERT INTO odori_outbox (owner, count, events, at) VALUES (?, ?, ?, ?) RETURNING ticket";
const DELETE_OUTBOX = "DELETE FROM odori_outbox WHERE ticket = ?";
const REDUCE_OUTBOX = "UPDATE odori_outbox SET count = ?, events = ? WHERE ticket = ?";
const RELEASE_OUTBOX = "UPDATE odori_outbox SET owner = NULL WHERE ticket = ?";
const INSERT_DEFERRED = `INSERT INTO odori_deferred (reaction, saga_id, source, id, state,
    attempts, due_at, problem, malformed, body, at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const UPDATE_DEFERRED = `UPDATE odori_deferred
  SET state = ?, attempts = ?, due_at = ?, problem = ?, owner = NULL
  WHERE seq = ? RETURNING saga_id, reaction`;
const DELETE_DEFERRED = "DELETE FROM odori_deferred WHERE seq = ? RETURNING saga_id, reaction";
const DROP_DEFERRED = "DELETE FROM odori_deferred WHERE saga_id = ? AND reaction = ? AND state = ?";

/** The process that writes. */
export interface Writer {
  /** The process that publishes the outbox rows; null leaves them to the relay. */
  readonly owner: string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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
    return receipts.map((receipt) => ({
      status: this.#status(receipt, anyBlocking),
      marks: new Map(
        sql.all(FIND_MARKS, receipt.sagaId).map((row) => [String(row.name), String(row.state)]),
      ),
      gathered: receipt.gathers ? this.#gathered(receipt) : [],
    }));
  }

  async write(writes: Writes): Promise<Ticket | undefined> {
    const sql = this.native;
    const now = this.#writer.now();
    for (const entry of writes.journal) this.#insert(entry, now);
    for (const entry of writes.amend) {
      sql.run(
        AMEND_INBOX,
        entry.disposition,
        entry.effect ?? null,
        JSON.stringify(entry.emitted),
        now,
        entry.id,
        entry.reaction,
        entry.source,
      );
    }
    for (const { sagaId, name, state } of writes.marks) sql.run(PUT_MARK, sagaId, name, state);
    for (const { ticket, events } of writes.reduce)
      sql.run(REDUCE_OUTBOX, events.length, encodeStored(events), ticket);
    for (const ticket of writes.release) sql.run(RELEASE_OUTBOX, ticket);
    for (const ticket of writes.confirm) sql.run(DELETE_OUTBOX, ticket);
    this.#writeDeferred(writes, now);
    if (writes.enqueue.length === 0) return undefined;
    const { owner } = this.#writer;
    return Number(
      sql.get(INSERT_OUTBOX, owner, writes.enqueue.length, encodeStored(writes.enqueue), now)
        ?.ticket,
    );
  }

  #status(
    { reaction, source, id, sagaId, deferred }: Receipt,
    anyBlocking: boolean,
  ): ReceiptStatus {
    const sql = this.native;
    if (deferred !== undefined)
      return sql.get(FIND_CLAIMED, deferred, this.#writer.owner) === undefined ? "gone" : "fresh";
    if (sql.get(FIND_INBOX, id, reaction, source) !== undefined) return "duplicate";
    return anyBlocking && sql.get(FIND_BLOCKING, sagaId, reaction) !== undefined
      ? "blocked"
      : "fresh";
  }

  #gathered({ reaction, sagaId }: Receipt): readonly EventEnvelope[] {
    return this.native
      .all(FIND_GATHERED, sagaId, reaction)
      .flatMap((row) => decodeStored(String(row.body)));
  }

  #insert(entry: JournalEntry, now: number): void {
    const {
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId = null,
      disposition,
      effect = null,
    } = entry;
    const emitted = JSON.stringify(entry.emitted);
    const inserted = this.native.run(
      INSERT_INBOX,
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId,
      disposition,
      effect,
      emitted,
      now,
    );
    if (inserted === 0) throw alreadyReceived(entry);
  }

  #writeDeferred(writes: Writes, now: number): void {
    const sql = this.native;
    for (const row of writes.defer) {
      const { reaction, sagaId, source, id, state, attempts, delayMs, problem, body } = row;
      const values = [
        reaction,
        sagaId,
        source,
        id,
        state,
        attempts,
        now + delayMs,
        toJson(problem),
        Number(body.malformed),
        body.text,
        now,
      ];
      sql.run(INSERT_DEFERRED, ...values);
    }
    for (const { seq, state, attempts, delayMs, problem } of writes.redefer) {
      const row = sql.get(UPDATE_DEFERRED, state, attempts, now + delayMs, toJson(problem), seq);
      if (row !== undefined && !BLOCKING.includes(state))
        sql.run(RELEASE_NEXT, now, String(row.saga_id), String(row.reaction));
    }
    for (const seq of writes.settle) {
      const row = sql.get(DELETE_DEFERRED, seq);
      if (row !== undefined) sql.run(RELEASE_NEXT, now, String(row.saga_id), String(row.reaction));
    }
    for (const { reaction, sagaId, state } of writes.drop)
      sql.run(DROP_DEFERRED, sagaId, reaction, state);
  }
}

function toJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
