import { toBacklog, toBusFault } from "../../adapter/rows.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import type { Deferred, DeferredState } from "../../ports/deferred.ts";
import { notParked } from "../../ports/errors.ts";
import type {
  CountsQuery,
  SagaHistory,
  SagaPlace,
  SagaQuery,
  StoreCounts,
  StoreInspection,
} from "../../ports/inspection.ts";
import type { JournalRecord } from "../../ports/journal.ts";
import { BEHIND_ALL, comparePlaces } from "../../ports/saga-order.ts";
import { DEATH_REMEMBERED_MS } from "../../ports/store.ts";
import type { DeferredRecord, MemoryDatabase, SagaRecord } from "./database.ts";
import { releaseNext } from "./transaction.ts";

/** Reads the tables of a memory store. */
export class MemoryInspection implements StoreInspection {
  readonly #database: MemoryDatabase;
  readonly #now: () => number;

  constructor(database: MemoryDatabase, now: () => number) {
    this.#database = database;
    this.#now = now;
  }

  async journal(sagaId: string, limit?: number): Promise<readonly JournalRecord[]> {
    return this.#database.sagas.get(sagaId)?.journal.slice(0, limit) ?? [];
  }

  async sagas(limit: number): Promise<readonly string[]> {
    const latest = [...this.#database.sagas.values()].flatMap(({ sagaId, journal }) => {
      const seq = journal.at(-1)?.seq;
      return seq === undefined ? [] : [{ sagaId, seq }];
    });
    return latest
      .sort((a, b) => b.seq - a.seq)
      .slice(0, limit)
      .map(({ sagaId }) => sagaId);
  }

  async list({ before = BEHIND_ALL, limit, among }: SagaQuery): Promise<readonly SagaPlace[]> {
    const isAmong = ({ sagaId, correlationId }: SagaRecord) => {
      if (among === undefined) return true;
      if ("correlationId" in among) return correlationId === among.correlationId;
      return this.#deferredOf(sagaId).some(({ state }) => among.states.includes(state));
    };
    return [...this.#database.sagas.values()]
      .filter((saga) => saga.sagaId !== "" && comparePlaces(saga, before) < 0 && isAmong(saga))
      .sort((a, b) => comparePlaces(b, a))
      .slice(0, limit)
      .map(({ born, sagaId }) => ({ born, sagaId }));
  }

  async histories(sagaIds: readonly string[]): Promise<readonly SagaHistory[]> {
    return [...new Set(sagaIds)].flatMap((sagaId) => {
      const saga = this.#database.sagas.get(sagaId);
      if (saga === undefined) return [];
      const { marks, ...row } = saga;
      return [{ ...row, deferred: this.#deferredOf(sagaId) }];
    });
  }

  async deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    return [...this.#database.deferred.values()]
      .filter(({ state }) => states.includes(state))
      .slice(0, limit);
  }

  async counts({ deferred: all = true }: CountsQuery = {}): Promise<StoreCounts> {
    const outbox = [...this.#database.outbox.values()];
    const oldest = outbox.reduce((at, row) => Math.min(at, row.at), Number.POSITIVE_INFINITY);
    const deferred: Partial<Record<DeferredState, number>> = {};
    for (const { state } of all ? this.#database.deferred.values() : [])
      deferred[state] = (deferred[state] ?? 0) + 1;
    const now = this.#now();
    const members = [...this.#database.members.values()];
    const live = members.filter((one) => one.diedAt === undefined && one.expiresAt > now);
    const told = live.flatMap(({ backlog }) => backlog ?? []);
    const emptied = live.flatMap(({ emptyAt }) => emptyAt ?? []);
    const faults = live.flatMap(({ busFault }) => busFault ?? []);
    const died = members.some(
      ({ expiresAt, diedAt = expiresAt }) => diedAt <= now && diedAt >= now - DEATH_REMEMBERED_MS,
    );
    return {
      at: now,
      processes: live.length,
      outbox: outbox.reduce((sum, { events }) => sum + events.length, 0),
      outboxOldestMs: outbox.length === 0 ? 0 : now - oldest,
      deferred,
      backlog: toBacklog({
        ...{ processes: live.length, told: told.length, emptied: emptied.length },
        ...{ deliveries: Math.max(0, ...told), empty_ms: now - Math.min(...emptied) },
        died: died ? 1 : 0,
      }),
      busFault: toBusFault({
        bus_fault: faults[0]?.told,
        bus_lost_ms: now - Math.min(...faults.map(({ at }) => at)),
      }),
    };
  }

  retry(seq: number): Promise<Deferred> {
    return this.#database.exclusive(async () => {
      const row = this.#parked(seq, ["parked"]);
      const again: DeferredRecord = {
        ...row,
        state: "retrying",
        attempts: 0,
        claims: 0,
        dueAt: this.#now(),
        setAt: this.#now(),
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
      const entry = this.#database.findJournal(row);
      const at = this.#now();
      if (entry !== undefined)
        this.#database.putJournal({ ...entry, disposition: "discarded", at });
      releaseNext(this.#database, row.reaction, row.sagaId, this.#now());
      return closed;
    });
  }

  republish(event: EventEnvelope): Promise<void> {
    return this.#database.exclusive(async () => {
      const ticket = ++this.#database.sequence;
      const row = { ticket, events: [event], owner: undefined, at: this.#now() };
      this.#database.outbox.set(ticket, row);
    });
  }

  #deferredOf(sagaId: string): readonly Deferred[] {
    return [...this.#database.deferred.values()].filter((row) => row.sagaId === sagaId);
  }

  #parked(seq: number, states: readonly DeferredState[]): DeferredRecord {
    const row = this.#database.deferred.get(seq);
    if (row !== undefined && states.includes(row.state)) return row;
    throw notParked(seq, row?.state);
  }
}
