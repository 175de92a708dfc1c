import { decodeStored } from "../../cloudevents/json.ts";
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
import type { StoreTransaction } from "../../ports/transaction.ts";
import type { DeferredRecord, MemoryDatabase } from "./database.ts";
import type { MemoryTx } from "./native.ts";
import { MemoryScope } from "./scope.ts";

/** The process that writes. */
export interface Writer {
  /** The process that publishes the outbox rows; undefined leaves them to the relay. */
  readonly owner: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** `Session.fingerprint`. */
  readonly fingerprint: string | undefined;
}

const NO_MARKS: ReadonlyMap<string, string> = new Map();

export class MemoryTransaction implements StoreTransaction<MemoryTx> {
  readonly native: MemoryTx;
  readonly #database: MemoryDatabase;
  readonly #writer: Writer;
  readonly #scopes: MemoryScope[] = [];

  constructor(database: MemoryDatabase, native: MemoryTx, writer: Writer) {
    this.#database = database;
    this.native = native;
    this.#writer = writer;
  }

  scope(): MemoryScope {
    const scope = new MemoryScope(this.#database, () => this, { detached: false });
    this.#scopes.push(scope);
    return scope;
  }

  end(): void {
    for (const scope of this.#scopes) scope.end();
  }

  async receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    return receipts.map((receipt) => {
      const saga = this.#database.sagas.get(receipt.sagaId);
      return {
        status: this.#status(receipt),
        born: saga?.born,
        marks: saga?.marks ?? NO_MARKS,
        gathered: receipt.gathers ? this.#gathered(receipt) : [],
        found: this.#database.hasPassed(receipt.sagaId, receipt.seeks),
      };
    });
  }

  async write(writes: Writes): Promise<Written> {
    const database = this.#database;
    const at = this.#writer.now();
    for (const entry of writes.journal) {
      if (database.findJournal(entry) !== undefined) throw alreadyReceived(entry);
      this.#put(entry, at);
    }
    for (const entry of writes.amend) this.#put(entry, at);
    for (const key of writes.duplicates) database.countDuplicate(key);
    for (const mark of writes.marks) database.putMark(mark, at);
    this.#writeOutbox(writes);
    const deferred = writes.defer.map((row) => this.#insertDeferred(row, at));
    const released = this.#changeDeferred(writes, at);
    if (writes.enqueue.length === 0) return { ticket: undefined, deferred, released };
    const ticket = ++database.sequence;
    database.outbox.set(ticket, { ticket, events: writes.enqueue, owner: this.#writer.owner, at });
    return { ticket, deferred, released };
  }

  /** Each member by its name: copying all of them is slow. */
  #put(entry: JournalEntry, at: number): void {
    const { reaction, source, id, type, sagaId, causationId, correlationId } = entry;
    const { disposition, effect, emitted, attempt, durationMs } = entry;
    const { fingerprint } = this.#writer;
    this.#database.putJournal({
      reaction,
      source,
      id,
      type,
      sagaId,
      causationId,
      disposition,
      effect,
      emitted,
      attempt,
      durationMs,
      fingerprint,
      at,
    });
    if (correlationId !== undefined) this.#database.correlate(sagaId, correlationId);
  }

  #status(receipt: Receipt): ReceiptStatus {
    const { reaction, sagaId, deferred } = receipt;
    if (deferred !== undefined) {
      const row = this.#database.deferred.get(deferred);
      const mine =
        row !== undefined &&
        (row.state === "retrying" || row.state === "armed") &&
        row.owner === this.#writer.owner;
      return mine ? "fresh" : "gone";
    }
    if (this.#database.findJournal(receipt) !== undefined) return "duplicate";
    return this.#database.deferredOf(reaction, sagaId).some(({ state }) => BLOCKING.includes(state))
      ? "blocked"
      : "fresh";
  }

  #gathered({ reaction, sagaId }: Receipt): readonly GatheredEvent[] {
    const rows = this.#database
      .deferredOf(reaction, sagaId)
      .filter(({ state }) => state === "gathered");
    return rows.flatMap(({ seq, body }) =>
      decodeStored(body.text).map((event) => ({ seq, event })),
    );
  }

  #writeOutbox({ confirm, reduce, release }: Writes): void {
    const { outbox } = this.#database;
    for (const { ticket, events } of reduce) {
      const row = outbox.get(ticket);
      if (row !== undefined) outbox.set(ticket, { ...row, events });
    }
    for (const ticket of release) {
      const row = outbox.get(ticket);
      if (row !== undefined && row.owner === this.#writer.owner)
        outbox.set(ticket, { ...row, owner: undefined });
    }
    for (const ticket of confirm) outbox.delete(ticket);
  }

  /** Returns the row's `seq`. */
  #insertDeferred(row: NewDeferred, now: number): number {
    const { reaction, sagaId, source, id, type, state, attempts, problem, body } = row;
    const { delayMs, held } = row;
    const database = this.#database;
    const seq = ++database.sequence;
    database.touch(sagaId, id, now);
    database.putDeferred({
      reaction,
      sagaId,
      source,
      id,
      type,
      state,
      attempts,
      problem,
      body,
      seq,
      claims: 0,
      dueAt: now + delayMs,
      setAt: now,
      at: now,
      reason: undefined,
      owner: held === true ? this.#writer.owner : undefined,
    });
    return seq;
  }

  /** Returns whether a delivery that waited has become due. */
  #changeDeferred(writes: Writes, now: number): boolean {
    const database = this.#database;
    let released = false;
    const free = ({ reaction, sagaId }: DeferredRecord) => {
      released = releaseNext(database, reaction, sagaId, now) || released;
    };
    for (const { seq, delayMs, ...change } of writes.redefer) {
      const row = database.deferred.get(seq);
      if (row === undefined) continue;
      const due = { dueAt: now + delayMs, setAt: now };
      database.putDeferred({ ...row, ...change, ...due, claims: 0, owner: undefined });
      if (!BLOCKING.includes(change.state)) free(row);
    }
    for (const seq of writes.settle) {
      const row = database.deferred.get(seq);
      if (row === undefined) continue;
      database.dropDeferred(row);
      free(row);
    }
    for (const { reaction, sagaId, state } of writes.drop) {
      for (const row of database.deferredOf(reaction, sagaId))
        if (row.state === state) database.dropDeferred(row);
    }
    return released;
  }
}

/**
 * Makes the first waiting delivery of a reaction and saga due now, unless one that blocks it
 * precedes it. Returns whether there was one.
 */
export function releaseNext(
  database: MemoryDatabase,
  reaction: string,
  sagaId: string,
  now: number,
): boolean {
  const first = database.deferredOf(reaction, sagaId).find(({ state }) => BLOCKING.includes(state));
  if (first?.state !== "waiting") return false;
  database.putDeferred({
    ...first,
    state: "retrying",
    claims: 0,
    dueAt: now,
    setAt: now,
    owner: undefined,
  });
  return true;
}
