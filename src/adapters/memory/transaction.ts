import { decodeStored } from "../../cloudevents/json.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { Receipt, ReceiptStatus, Received, Ticket, Writes } from "../../ports/bookkeeping.ts";
import { BLOCKING } from "../../ports/deferred.ts";
import { alreadyReceived } from "../../ports/errors.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import type { MemoryDatabase } from "./database.ts";
import type { MemoryTx } from "./native.ts";
import { MemoryScope } from "./scope.ts";

/** The process that writes. */
export interface Writer {
  /** The process that publishes the outbox rows; undefined leaves them to the relay. */
  readonly owner: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const NO_MARKS: ReadonlyMap<string, string> = new Map();

export class MemoryTransaction implements StoreTransaction<MemoryTx> {
  readonly native: MemoryTx;
  readonly #database: MemoryDatabase;
  readonly #writer: Writer;

  constructor(database: MemoryDatabase, native: MemoryTx, writer: Writer) {
    this.#database = database;
    this.native = native;
    this.#writer = writer;
  }

  scope(): MemoryScope {
    return new MemoryScope(this.#database, () => this, { detached: false });
  }

  async receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    return receipts.map((receipt) => {
      return {
        status: this.#status(receipt),
        marks: this.#database.fence.get(receipt.sagaId) ?? NO_MARKS,
        gathered: receipt.gathers ? this.#gathered(receipt) : [],
      };
    });
  }

  async write(writes: Writes): Promise<Ticket | undefined> {
    const database = this.#database;
    const at = this.#writer.now();
    for (const entry of writes.journal) {
      if (database.findJournal(entry.reaction, entry.source, entry.id) !== undefined)
        throw alreadyReceived(entry);
      database.putJournal({ ...entry, at });
    }
    for (const entry of writes.amend) database.putJournal({ ...entry, at });
    for (const { sagaId, name, state } of writes.marks) database.putMark(sagaId, name, state);
    this.#writeOutbox(writes);
    this.#writeDeferred(writes);
    if (writes.enqueue.length === 0) return undefined;
    const ticket = ++database.sequence;
    database.outbox.set(ticket, { ticket, events: writes.enqueue, owner: this.#writer.owner, at });
    return ticket;
  }

  #status(receipt: Receipt): ReceiptStatus {
    const { reaction, source, id, sagaId, deferred } = receipt;
    if (deferred !== undefined) {
      const row = this.#database.deferred.get(deferred);
      const mine =
        row !== undefined &&
        (row.state === "retrying" || row.state === "armed") &&
        row.owner === this.#writer.owner;
      return mine ? "fresh" : "gone";
    }
    if (this.#database.findJournal(reaction, source, id) !== undefined) return "duplicate";
    return this.#database.deferredOf(reaction, sagaId).some(({ state }) => BLOCKING.includes(state))
      ? "blocked"
      : "fresh";
  }

  #gathered({ reaction, sagaId }: Receipt): readonly EventEnvelope[] {
    const rows = this.#database
      .deferredOf(reaction, sagaId)
      .filter(({ state }) => state === "gathered");
    return rows.flatMap(({ body }) => decodeStored(body.text));
  }

  #writeOutbox({ confirm, reduce, release }: Writes): void {
    const { outbox } = this.#database;
    for (const { ticket, events } of reduce) {
      const row = outbox.get(ticket);
      if (row !== undefined) outbox.set(ticket, { ...row, events });
    }
    for (const ticket of release) {
      const row = outbox.get(ticket);
      if (row !== undefined) outbox.set(ticket, { ...row, owner: undefined });
    }
    for (const ticket of confirm) outbox.delete(ticket);
  }

  #writeDeferred(writes: Writes): void {
    const database = this.#database;
    const now = this.#writer.now();
    for (const { delayMs, ...row } of writes.defer) {
      database.putDeferred({
        ...row,
        seq: ++database.sequence,
        dueAt: now + delayMs,
        at: now,
        reason: undefined,
        owner: undefined,
      });
    }
    for (const { seq, delayMs, ...change } of writes.redefer) {
      const row = database.deferred.get(seq);
      if (row === undefined) continue;
      database.putDeferred({ ...row, ...change, dueAt: now + delayMs, owner: undefined });
      if (!BLOCKING.includes(change.state)) releaseNext(database, row.reaction, row.sagaId, now);
    }
    for (const seq of writes.settle) {
      const row = database.deferred.get(seq);
      if (row === undefined) continue;
      database.dropDeferred(row);
      releaseNext(database, row.reaction, row.sagaId, now);
    }
    for (const { reaction, sagaId, state } of writes.drop) {
      for (const row of database.deferredOf(reaction, sagaId))
        if (row.state === state) database.dropDeferred(row);
    }
  }
}

/**
 * Makes the first waiting delivery of a reaction and saga due now, unless one that blocks it
 * precedes it.
 */
export function releaseNext(
  database: MemoryDatabase,
  reaction: string,
  sagaId: string,
  now: number,
): void {
  const first = database.deferredOf(reaction, sagaId).find(({ state }) => BLOCKING.includes(state));
  if (first?.state === "waiting")
    database.putDeferred({ ...first, state: "retrying", dueAt: now, owner: undefined });
}
