import type { Deferred, DeferredState } from "../../ports/deferred.ts";
import { notParked } from "../../ports/errors.ts";
import type { StoreCounts, StoreInspection } from "../../ports/inspection.ts";
import type { JournalRecord } from "../../ports/journal.ts";
import type { DeferredRecord, MemoryDatabase } from "./database.ts";
import { releaseNext } from "./transaction.ts";

/** Reads the tables of a memory store. */
export class MemoryInspection implements StoreInspection {
  readonly #database: MemoryDatabase;
  readonly #now: () => number;

  constructor(database: MemoryDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async journal(sagaId: string): Promise<readonly JournalRecord[]> {
    return this.#database.sagas.get(sagaId) ?? [];
  }

  async sagas(limit: number): Promise<readonly string[]> {
    const ids = new Set(
      [...this.#database.inbox.values()]
        .flat()
        .reverse()
        .map(({ sagaId }) => sagaId),
    );
    return [...ids].slice(0, limit);
  }

  async deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    return [...this.#database.deferred.values()]
      .filter(({ state }) => states.includes(state))
      .slice(0, limit);
  }

  async counts(): Promise<StoreCounts> {
    const outbox = [...this.#database.outbox.values()];
    const oldest = outbox.reduce((at, row) => Math.min(at, row.at), Number.POSITIVE_INFINITY);
    const deferred: Partial<Record<DeferredState, number>> = {};
    for (const { state } of this.#database.deferred.values())
      deferred[state] = (deferred[state] ?? 0) + 1;
    return {
      outbox: outbox.reduce((sum, { events }) => sum + events.length, 0),
      outboxOldestMs: outbox.length === 0 ? 0 : this.#now() - oldest,
      deferred,
    };
  }

  retry(seq: number): Promise<Deferred> {
    return this.#database.exclusive(async () => {
      const row = this.#parked(seq, ["parked"]);
      const again: DeferredRecord = {
        ...row,
        state: "retrying",
        attempts: 0,
        dueAt: this.#now(),
        owner: undefined,
      };
      this.#database.putDeferred(again);
      return again;
    });
  }

  discard(seq: number, reason: string): Promise<Deferred> {
    return this.#database.exclusive(async () => {
      const row = this.#parked(seq, ["parked", "retrying"]);
      const closed: DeferredRecord = { ...row, state: "discarded", reason };
      this.#database.putDeferred(closed);
      const entry = this.#database.findJournal(row.reaction, row.source, row.id);
      if (entry !== undefined) this.#database.putJournal({ ...entry, disposition: "discarded" });
      releaseNext(this.#database, row.reaction, row.sagaId, this.#now());
      return closed;
    });
  }

  #parked(seq: number, states: readonly DeferredState[]): DeferredRecord {
    const row = this.#database.deferred.get(seq);
    if (row !== undefined && states.includes(row.state)) return row;
    throw notParked(seq, row?.state);
  }
}
