import {
  toBacklog,
  toBusFault,
  toDeferred,
  toHistory,
  toJournal,
  toState,
} from "../../adapter/rows.ts";
import { encodeStored } from "../../cloudevents/json.ts";
import type { EventEnvelope } from "../../contract/envelope.ts";
import { stemOf } from "../../contract/grammar.ts";
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
import { BEHIND_ALL } from "../../ports/saga-order.ts";
import type { SqlRow } from "./native.ts";
import type { Bookkeeper } from "./sql.ts";
import type { Statements } from "./statements.ts";

/** How the inspection uses the database: each `work` runs in a transaction of its own. */
export interface Access {
  read<T>(work: (books: Bookkeeper) => Promise<T>): Promise<T>;
  write<T>(work: (books: Bookkeeper) => Promise<T>): Promise<T>;
}

/** Reads the tables of a service. */
export class PostgresInspection implements StoreInspection {
  readonly #access: Access;
  readonly #statements: Statements;

  constructor(access: Access, statements: Statements) {
    this.#access = access;
    this.#statements = statements;
  }

  journal(sagaId: string, limit?: number): Promise<readonly JournalRecord[]> {
    return this.#access.read(async (books) =>
      (await books.run(this.#statements.journalOf, [sagaId, limit ?? null])).map(toJournal),
    );
  }

  sagas(limit: number): Promise<readonly string[]> {
    return this.#access.read((books) => this.#latest(books, limit));
  }

  list({ before = BEHIND_ALL, limit, among }: SagaQuery): Promise<readonly SagaPlace[]> {
    const { list, listDeferred, listCorrelated } = this.#statements;
    const page = [before.born, before.sagaId, limit];
    return this.#access.read(async (books) => {
      const rows =
        among === undefined
          ? await books.run(list, page)
          : "states" in among
            ? await books.run(listDeferred, [...page, JSON.stringify(among.states)])
            : await books.run(listCorrelated, [...page, among.correlationId]);
      return rows.map(({ born, saga_id }) => ({ born: Number(born), sagaId: String(saga_id) }));
    });
  }

  histories(sagaIds: readonly string[]): Promise<readonly SagaHistory[]> {
    const ids = JSON.stringify([...new Set(sagaIds)]);
    return this.#access.read(async (books) =>
      (await books.run(this.#statements.histories, [ids])).map(toHistory),
    );
  }

  deferred(states: readonly DeferredState[], limit: number): Promise<readonly Deferred[]> {
    return this.#access.read(async (books) =>
      (await books.run(this.#statements.deferredIn, [JSON.stringify(states), limit])).map(
        toDeferred,
      ),
    );
  }

  counts({ deferred: all = true }: CountsQuery = {}): Promise<StoreCounts> {
    return this.#access.read(async (books) => {
      const [row] = await books.run(this.#statements.counts, []);
      const deferred: Partial<Record<DeferredState, number>> = {};
      for (const { state, rows } of all ? await books.run(this.#statements.states, []) : [])
        deferred[toState(state)] = Number(rows);
      const at = Number(row?.at);
      return {
        at,
        processes: Number(row?.processes),
        outbox: Number(row?.events),
        outboxOldestMs: Math.max(0, at - Number(row?.oldest ?? at)),
        deferred,
        backlog: toBacklog(row),
        busFault: toBusFault(row),
      };
    });
  }

  retry(seq: number): Promise<Deferred> {
    return this.#access.write(async (books) => {
      const state = await this.#lock(books, seq);
      const [row] = await books.run(this.#statements.retry, [seq]);
      return toDeferred(row ?? refuse(seq, state));
    });
  }

  discard(seq: number, reason: string): Promise<Deferred> {
    return this.#access.write(async (books) => {
      const state = await this.#lock(books, seq);
      const [closed] = await books.run(this.#statements.discard, [seq, reason]);
      const row = toDeferred(closed ?? refuse(seq, state));
      await books.run(this.#statements.markDiscarded, [
        row.sagaId,
        row.reaction,
        row.source,
        row.id,
        stemOf(row.type),
      ]);
      await books.run(this.#statements.release, [
        JSON.stringify([{ saga: row.sagaId, reaction: row.reaction }]),
      ]);
      return row;
    });
  }

  republish(event: EventEnvelope): Promise<void> {
    return this.#access.write(async (books) => {
      await books.run(this.#statements.republish, [encodeStored([event])]);
    });
  }

  /** Reads the feed backwards, until it has met enough sagas. */
  async #latest(books: Bookkeeper, limit: number): Promise<readonly string[]> {
    const found = new Set<string>();
    let before = Number.MAX_SAFE_INTEGER;
    while (found.size < limit) {
      const rows = await books.run(this.#statements.newest, [before, limit * 2]);
      for (const { saga_id } of rows) found.add(String(saga_id));
      const last = rows.at(-1);
      if (last === undefined || rows.length < limit * 2) break;
      before = Number(last.seq);
    }
    return [...found].slice(0, limit);
  }

  /** Locks the delivery's saga, as `receive` does. Resolves to its state; undefined for no row. */
  async #lock(books: Bookkeeper, seq: number): Promise<DeferredState | undefined> {
    const [row] = await books.run(this.#statements.find, [seq]);
    if (row === undefined) return undefined;
    await books.run(this.#statements.lock, [JSON.stringify([row.saga_id])]);
    return toState(row.state);
  }
}

function refuse(seq: number, state: DeferredState | undefined): SqlRow {
  throw notParked(seq, state);
}
