import type { MemoryDatabase } from "../adapters/memory/database.ts";
import { MemoryTx } from "../adapters/memory/native.ts";
import { MemoryStore } from "../adapters/memory/store.ts";
import type { Writer } from "../adapters/memory/transaction.ts";
import type { CensusRow } from "../ports/declarations.ts";
import { storeNotOpen, transactionClosed } from "../ports/errors.ts";
import type { Claimed, ClaimOptions, Opened, Purged, Session } from "../ports/store.ts";
import type { StoreTransaction } from "../ports/transaction.ts";

/** The bookkeeping has no transaction for handlers. */
export const NO_TABLES = new MemoryTx(() => {
  throw transactionClosed();
});

/** The part of a simulated store that does not depend on its rows: the bookkeeping is in maps. */
export abstract class KeptInMaps<Native> {
  readonly durable = true;
  readonly lanes = 1;
  readonly inspect: MemoryStore["inspect"];
  readonly declarations: MemoryStore["declarations"];
  protected readonly database: MemoryDatabase;
  readonly #inner: MemoryStore;
  #session: Session | undefined;

  constructor(database: MemoryDatabase) {
    this.database = database;
    this.#inner = new MemoryStore(database);
    this.inspect = this.#inner.inspect;
    this.declarations = this.#inner.declarations;
  }

  open(session: Session): Promise<Opened> {
    this.#session = session;
    return this.#inner.open(session);
  }

  /** The database belongs to the simulation, so a caller has no transaction of it. */
  join(): StoreTransaction<Native> {
    throw transactionClosed();
  }

  beat(): Promise<void> {
    return this.#inner.beat();
  }

  claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    return this.#inner.claim(limit, options);
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#inner.purge(olderThanMs, limit);
  }

  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    return this.#inner.census(kind);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  /** The process that writes. Throws `STOPPED` for a store that is not open. */
  protected writer(): Writer {
    if (this.#session === undefined) throw storeNotOpen();
    const { owner, now, fingerprint } = this.#session;
    return { owner, now, fingerprint };
  }
}
