import { Mutex } from "../../adapter/mutex.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { Ticket } from "../../ports/bookkeeping.ts";
import type { StoredDeclaration } from "../../ports/declarations.ts";
import type { Deferred } from "../../ports/deferred.ts";
import type { JournalRecord } from "../../ports/journal.ts";
import { TransactionalMap, type UndoLog, undoTo } from "./table.ts";

/** Events of one commit that the bus has not acknowledged. */
export interface OutboxRecord {
  readonly ticket: Ticket;
  readonly events: readonly EventEnvelope[];
  readonly owner: string | undefined;
  readonly at: number;
}

/** A deferred delivery, and the process that holds it. */
export interface DeferredRecord extends Deferred {
  readonly owner: string | undefined;
}

/**
 * The tables of a memory store. Several stores may share one, as several processes share a
 * database.
 *
 * @example
 * ```ts
 * import { MemoryDatabase, memoryStore } from "odori/memory";
 *
 * const database = new MemoryDatabase();
 * const stores = [memoryStore(database), memoryStore(database)];
 * ```
 */
export class MemoryDatabase {
  readonly writer = new Mutex();
  service: string | undefined;
  /** The last ticket or `seq` given out; a rollback does not reset it. */
  sequence = 0;
  log: UndoLog = [];
  readonly #log = () => this.log;
  /** The inbox by event id: one row for each reaction that hears the event. */
  readonly inbox = new TransactionalMap<string, readonly JournalRecord[]>(new Map(), this.#log);
  /** The inbox by saga. Lists are replaced, never changed, so that a rollback can restore them. */
  readonly sagas = new TransactionalMap<string, readonly JournalRecord[]>(new Map(), this.#log);
  /** The marks of each saga, by name. Maps are replaced, never changed. */
  readonly fence = new TransactionalMap<string, ReadonlyMap<string, string>>(new Map(), this.#log);
  readonly outbox = new TransactionalMap<Ticket, OutboxRecord>(new Map(), this.#log);
  readonly deferred = new TransactionalMap<number, DeferredRecord>(new Map(), this.#log);
  /** Deferred deliveries by reaction and saga. */
  readonly deferredAt = new TransactionalMap<string, ReadonlySet<number>>(new Map(), this.#log);
  /** The declarations that versions of the service have run with, by fingerprint. */
  readonly declarations = new TransactionalMap<string, StoredDeclaration>(new Map(), this.#log);
  /** When each owner's lease expires, in milliseconds since 1970. */
  readonly leases = new TransactionalMap<string, number>(new Map(), this.#log);

  /** Runs `work` alone, and undoes its changes if it rejects. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.writer.run(async () => {
      this.log = [];
      try {
        return await work();
      } catch (error) {
        undoTo(this.log, 0);
        throw error;
      }
    });
  }

  putMark(sagaId: string, name: string, state: string): void {
    this.fence.set(sagaId, new Map(this.fence.get(sagaId)).set(name, state));
  }

  findJournal(reaction: string, source: string, id: string): JournalRecord | undefined {
    return this.inbox
      .get(id)
      ?.find((record) => record.reaction === reaction && record.source === source);
  }

  putJournal(record: JournalRecord): void {
    const before = this.findJournal(record.reaction, record.source, record.id);
    const replaced = (rows: readonly JournalRecord[] = []) => [
      ...(before === undefined ? rows : rows.filter((row) => row !== before)),
      record,
    ];
    this.inbox.set(record.id, replaced(this.inbox.get(record.id)));
    this.sagas.set(record.sagaId, replaced(this.sagas.get(record.sagaId)));
  }

  dropJournal(record: JournalRecord): void {
    const without = (rows: readonly JournalRecord[] = []) => rows.filter((row) => row !== record);
    const same = without(this.inbox.get(record.id));
    if (same.length > 0) this.inbox.set(record.id, same);
    else this.inbox.delete(record.id);
    const saga = without(this.sagas.get(record.sagaId));
    if (saga.length > 0) this.sagas.set(record.sagaId, saga);
    else {
      this.sagas.delete(record.sagaId);
      this.fence.delete(record.sagaId);
    }
  }

  putDeferred(row: DeferredRecord): void {
    const key = keyOf(row.reaction, row.sagaId);
    const known = this.deferredAt.get(key);
    if (known?.has(row.seq) !== true)
      this.deferredAt.set(key, new Set([...(known ?? []), row.seq]));
    this.deferred.set(row.seq, row);
  }

  dropDeferred(row: DeferredRecord): void {
    const key = keyOf(row.reaction, row.sagaId);
    const rest = new Set(this.deferredAt.get(key));
    rest.delete(row.seq);
    if (rest.size === 0) this.deferredAt.delete(key);
    else this.deferredAt.set(key, rest);
    this.deferred.delete(row.seq);
  }

  /** The deferred deliveries of one reaction and saga, oldest first. */
  deferredOf(reaction: string, sagaId: string): readonly DeferredRecord[] {
    if (this.deferred.size === 0) return [];
    const seqs = this.deferredAt.get(keyOf(reaction, sagaId));
    if (seqs === undefined) return [];
    return [...seqs].sort((a, b) => a - b).flatMap((seq) => this.deferred.get(seq) ?? []);
  }

  isLive(owner: string | undefined, now: number): boolean {
    return owner !== undefined && (this.leases.get(owner) ?? 0) > now;
  }
}

/** Identifiers contain no control characters, so a newline separates the parts of a key. */
function keyOf(...parts: readonly string[]): string {
  return parts.join("\n");
}
