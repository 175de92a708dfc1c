import type { CensusRow } from "../../ports/declarations.ts";
import { CLOSED } from "../../ports/deferred.ts";
import { notOurs, storeNotOpen, transactionClosed } from "../../ports/errors.ts";
import {
  type Claimed,
  type ClaimOptions,
  NO_REACTION,
  type Session,
  type Store,
} from "../../ports/store.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import { census } from "./census.ts";
import { MemoryDatabase } from "./database.ts";
import { MemoryDeclarations } from "./declarations.ts";
import { MemoryInspection } from "./inspect.ts";
import { MemoryTable, MemoryTx } from "./native.ts";
import { MemoryScope } from "./scope.ts";
import { MemoryTransaction, type Writer } from "./transaction.ts";

/** A store for tests and for learning. Its data is lost when the process ends. */
export class MemoryStore implements Store<MemoryTx> {
  readonly durable = false;
  /** One: a transaction has the whole database. */
  readonly lanes = 1;
  readonly inspect: MemoryInspection;
  readonly declarations: MemoryDeclarations;
  readonly #database: MemoryDatabase;
  #session: Session | undefined;

  constructor(database: MemoryDatabase = new MemoryDatabase()) {
    this.#database = database;
    const now = () => this.#writer(undefined).now();
    this.inspect = new MemoryInspection(database, now);
    this.declarations = new MemoryDeclarations(database, now);
  }

  async open(session: Session): Promise<readonly string[]> {
    const owner = this.#database.service;
    if (owner !== undefined && owner !== session.service) {
      throw notOurs(session.service, owner);
    }
    this.#database.service = session.service;
    this.#session = session;
    this.#renew(session);
    return [];
  }

  transaction<T>(work: (tx: StoreTransaction<MemoryTx>) => Promise<T>): Promise<T> {
    const writer = this.#writer(this.#session?.owner);
    return this.#exclusive((native) => work(new MemoryTransaction(this.#database, native, writer)));
  }

  detached(): MemoryScope {
    const writer = this.#writer(this.#session?.owner);
    const closed = new MemoryTx(() => {
      throw transactionClosed();
    });
    const begin = () => new MemoryTransaction(this.#database, closed, writer);
    return new MemoryScope(this.#database, begin, { detached: true });
  }

  /** A transaction of the caller's own, in which `begin` can take part. */
  run<T>(work: (tx: MemoryTx) => Promise<T>): Promise<T> {
    return this.#exclusive(work);
  }

  join(native: MemoryTx): StoreTransaction<MemoryTx> {
    return new MemoryTransaction(this.#database, native, this.#writer(undefined));
  }

  claim(limit: number, { known }: ClaimOptions = {}): Promise<Claimed> {
    return this.#database.exclusive(async () => this.#claim(limit, known));
  }

  async census(): Promise<readonly CensusRow[]> {
    return census(this.#database);
  }

  purge(olderThanMs: number, limit: number): Promise<number> {
    return this.#database.exclusive(async () => {
      const database = this.#database;
      const before = this.#writer(undefined).now() - olderThanMs;
      const old = [...database.inbox.values()].flat().filter(({ at }) => at < before);
      const purged = old.sort((a, b) => a.at - b.at).slice(0, limit);
      for (const record of purged) database.dropJournal(record);
      const closed = [...database.deferred.values()].filter(
        ({ state, at }) => CLOSED.includes(state) && at < before,
      );
      for (const row of closed.slice(0, limit)) database.dropDeferred(row);
      return purged.length;
    });
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined)
      await this.#database.exclusive(async () => this.#database.leases.delete(session.owner));
  }

  #exclusive<T>(work: (native: MemoryTx) => Promise<T>): Promise<T> {
    return this.#database.exclusive(async () => {
      let open = true;
      const native = new MemoryTx(() => {
        if (!open) throw transactionClosed();
        return this.#database.log;
      });
      try {
        return await work(native);
      } finally {
        open = false;
      }
    });
  }

  #claim(limit: number, known: ReadonlySet<string> | undefined): Claimed {
    const session = this.#session;
    if (session === undefined) throw storeNotOpen();
    const database = this.#database;
    const { owner } = session;
    const now = session.now();
    this.#renew(session);
    const outbox = [...database.outbox.values()]
      .filter((row) => !database.isLive(row.owner, now))
      .slice(0, limit);
    for (const row of outbox) database.outbox.set(row.ticket, { ...row, owner });
    const timed = [...database.deferred.values()].filter(
      ({ state, reaction }) =>
        (state === "retrying" || state === "armed") &&
        (known === undefined || reaction === NO_REACTION || known.has(reaction)),
    );
    const free = timed.filter((row) => !database.isLive(row.owner, now));
    const due = free.filter((row) => row.dueAt <= now).slice(0, limit);
    for (const row of due) database.putDeferred({ ...row, owner });
    const later = free
      .filter((row) => !due.includes(row))
      .map((row) => Math.max(0, row.dueAt - now));
    return {
      outbox,
      deferred: due,
      nextDueMs: later.length === 0 ? undefined : Math.min(...later),
    };
  }

  #renew(session: Session): void {
    this.#database.leases.set(session.owner, session.now() + session.leaseMs);
  }

  #writer(owner: string | undefined): Writer {
    return { owner, now: this.#session?.now ?? Date.now };
  }
}

/**
 * A store in memory, over a database that others may share.
 *
 * @param database Default: a new one.
 *
 * @example
 * ```ts
 * import { MemoryDatabase, memoryStore } from "odori/memory";
 *
 * const database = new MemoryDatabase();
 * const first = memoryStore(database);
 * const second = memoryStore(database);
 * ```
 */
export function memoryStore(database?: MemoryDatabase): MemoryStore {
  return new MemoryStore(database);
}

/**
 * Makes a table for business rows, by key. Handlers open it with `tx.in(table)`.
 *
 * @example
 * ```ts
 * import { service } from "odori";
 * import { type MemoryTx, memoryTable } from "odori/memory";
 * import { orderPlaced } from "./contracts.ts";
 *
 * const orders = memoryTable<{ readonly amount: number }>();
 * service<MemoryTx>("order").on(orderPlaced, {
 *   handle({ data }, { tx }) {
 *     tx.in(orders).set(data.orderId, { amount: data.amount });
 *   },
 * });
 * ```
 */
export function memoryTable<Row extends NonNullable<unknown>>(): MemoryTable<Row> {
  return new MemoryTable<Row>();
}
