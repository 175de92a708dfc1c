import { Mutex } from "../../adapter/mutex.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { stemOf } from "../../contract/grammar.ts";
import { birthIn } from "../../ports/birth.ts";
import type { MarkWrite, Ticket } from "../../ports/bookkeeping.ts";
import type { StoredDeclaration } from "../../ports/declarations.ts";
import type { Deferred } from "../../ports/deferred.ts";
import type { InboxKey, JournalRecord } from "../../ports/journal.ts";
import type { MemoryTable } from "./native.ts";
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
  /** When `dueAt` was set. If that lies ahead, the clock has stepped back since. */
  readonly setAt: number;
}

/** Everything about one saga. Records are replaced, never changed, so a rollback restores them. */
export interface SagaRecord {
  readonly sagaId: string;
  readonly born: number;
  /** When it was last written to: milliseconds since 1970. */
  readonly last: number;
  readonly correlationId: string;
  readonly marks: ReadonlyMap<string, string>;
  readonly journal: readonly JournalRecord[];
}

/** A process that has not left. */
export interface MemberRecord {
  readonly owner: string;
  /** Counts its beats. */
  readonly beats: number;
  /** Until when it is counted as running, without another beat. */
  readonly expiresAt: number;
  /** For how long it may be silent, in milliseconds. */
  readonly leaseMs: number;
  /** When another process found it dead; undefined if it lives. */
  readonly diedAt: number | undefined;
  /** How often that happened: it may have been slow only. */
  readonly deaths: number;
  /** What the bus holds, as the process has asked it last. */
  readonly backlog?: number | undefined;
  /** When it held nothing. */
  readonly emptyAt?: number | undefined;
  /** Why the process does not hear the bus, and since when. */
  readonly busFault?: { readonly told: string | null; readonly at: number } | undefined;
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
  /** The last ticket or `seq` assigned; a rollback does not reset it. */
  sequence = 0;
  log: UndoLog = [];
  /** The tables of the service that transactions have opened. */
  readonly tables = new Set<MemoryTable<NonNullable<unknown>>>();
  readonly sagas = new TransactionalMap<string, SagaRecord>(new Map(), this);
  readonly outbox = new TransactionalMap<Ticket, OutboxRecord>(new Map(), this);
  readonly deferred = new TransactionalMap<number, DeferredRecord>(new Map(), this);
  /** Deferred deliveries by reaction and saga. */
  readonly deferredAt = new TransactionalMap<string, ReadonlySet<number>>(new Map(), this);
  readonly members = new TransactionalMap<string, MemberRecord>(new Map(), this);
  readonly declarations = new TransactionalMap<string, StoredDeclaration>(new Map(), this);

  /**
   * Runs `work` alone, and undoes its changes if it throws or rejects. Then it calls `ended`, while
   * no other work has begun.
   */
  exclusive<T>(work: () => T | Promise<T>, ended?: (kept: boolean) => void): Promise<T> {
    const keep = (value: T) => {
      ended?.(true);
      return value;
    };
    const undo = (error: unknown): never => {
      undoTo(this.log, 0);
      ended?.(false);
      throw error;
    };
    return this.writer.run(() => {
      this.log = [];
      let result: T | Promise<T>;
      try {
        result = work();
      } catch (error) {
        return undo(error);
      }
      return result instanceof Promise ? result.then(keep, undo) : keep(result);
    });
  }

  /** Returns the saga's record; makes it if it is new. `id` is that of one of its events. */
  touch(sagaId: string, id: string, now: number): SagaRecord {
    const record = this.#touched(sagaId, id, now);
    this.sagas.set(sagaId, record);
    return record;
  }

  #touched(sagaId: string, id: string, now: number): SagaRecord {
    const known = this.sagas.get(sagaId);
    if (known !== undefined) return { ...known, last: Math.max(known.last, now) };
    const born = birthIn(id, now) ?? now;
    return { sagaId, born, last: now, correlationId: sagaId, marks: new Map(), journal: [] };
  }

  putMark({ sagaId, name, state }: MarkWrite, now: number): void {
    const saga = this.#touched(sagaId, "", now);
    this.sagas.set(sagaId, { ...saga, marks: new Map(saga.marks).set(name, state) });
  }

  /** Keeps the first correlation id of a saga that is not the saga's own. */
  correlate(sagaId: string, correlationId: string): void {
    const saga = this.sagas.get(sagaId);
    if (saga?.correlationId === sagaId) this.sagas.set(sagaId, { ...saga, correlationId });
  }

  /** Counts that a delivery came again. */
  countDuplicate(key: InboxKey): void {
    const saga = this.sagas.get(key.sagaId);
    if (saga === undefined) return;
    const journal = saga.journal.map((row) =>
      isSame(row, key) ? { ...row, duplicates: row.duplicates + 1 } : row,
    );
    this.sagas.set(key.sagaId, { ...saga, journal });
  }

  findJournal(key: InboxKey): JournalRecord | undefined {
    return this.sagas.get(key.sagaId)?.journal.find((record) => isSame(record, key));
  }

  /** Whether a saga has heard or emitted an event of one of these types, in any version. */
  hasPassed(sagaId: string, types: readonly string[]): boolean {
    const stems = types.map(stemOf);
    const rows = stems.length === 0 ? [] : (this.sagas.get(sagaId)?.journal ?? []);
    const passed = rows.flatMap(({ type, emitted }) => [type, ...emitted.map((one) => one.type)]);
    return passed.some((type) => stems.includes(stemOf(type)));
  }

  /** Inserts an inbox row, or replaces it. */
  putJournal(record: Omit<JournalRecord, "seq" | "duplicates">): void {
    const saga = this.#touched(record.sagaId, record.id, record.at);
    const known = saga.journal.find((row) => isSame(row, record));
    const journal = saga.journal.filter((row) => row !== known);
    journal.push({ ...record, duplicates: known?.duplicates ?? 0, seq: ++this.sequence });
    this.sagas.set(record.sagaId, { ...saga, journal });
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

  isLive(owner: string | undefined): boolean {
    const member = owner === undefined ? undefined : this.members.get(owner);
    return member !== undefined && member.diedAt === undefined;
  }

  isDead(owner: string | undefined): boolean {
    return owner !== undefined && this.members.get(owner)?.diedAt !== undefined;
  }

  /** Notes that a process is dead. Returns whether it was not known. */
  bury(owner: string, now: number): boolean {
    const member = this.members.get(owner);
    if (member === undefined || member.diedAt !== undefined) return false;
    this.members.set(owner, { ...member, diedAt: now, deaths: member.deaths + 1 });
    return true;
  }
}

/** Identifiers contain no control characters, so a newline separates the parts of a key. */
function keyOf(...parts: readonly string[]): string {
  return parts.join("\n");
}

/** One event in several versions has one identity: the version of its type does not count. */
function isSame(a: InboxKey, b: InboxKey): boolean {
  return (
    a.id === b.id &&
    a.reaction === b.reaction &&
    a.source === b.source &&
    stemOf(a.type) === stemOf(b.type)
  );
}
