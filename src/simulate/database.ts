import { MemoryDatabase } from "../adapters/memory/database.ts";
import type { MemoryTable } from "../adapters/memory/native.ts";
import { MemoryTx } from "../adapters/memory/native.ts";
import { MemoryStore } from "../adapters/memory/store.ts";
import type { StoredDeclaration } from "../ports/declarations.ts";
import type { DeferredState } from "../ports/deferred.ts";
import type { Store } from "../ports/store.ts";

/**
 * The database of one service in a simulation. It outlives the processes of the service, and goes
 * back to how it was before the first one for the next run.
 */
export interface SimulatedDatabase<Native> {
  /** The rows of the service, as a transaction sees them. */
  readonly rows: Native;
  /** Makes a store, as a new process does. */
  open(): Store<Native>;
  /** Keeps what is there now: each run begins with it. */
  keep(): void | Promise<void>;
  /** Puts back what was kept. */
  reset(): void;
  /** Whether a transaction is open: `rows` then shows what is not committed. */
  readonly inTransaction: boolean;
  /** Whether something is left that happens by itself. */
  readonly busy: boolean;
  /** How many deliveries are parked. */
  readonly parked: number;
  /** Has a process found dead, on the clock of the service. */
  expire(owner: string, now: number): void;
  /** Runs `work` while no transaction is open. Absent where reading `rows` takes no turn. */
  undisturbed?<T>(work: () => Promise<T>): Promise<T>;
  close(): void | Promise<void>;
}

const HAPPENS: readonly DeferredState[] = ["retrying", "armed"];

/** The bookkeeping of a service in memory. */
export abstract class Bookkeeping {
  #database = new MemoryDatabase();
  /** The declarations that every run begins with: a start compares its own with them. */
  #declared: readonly StoredDeclaration[] = [];

  get database(): MemoryDatabase {
    return this.#database;
  }

  get inTransaction(): boolean {
    return this.#database.writer.busy;
  }

  get busy(): boolean {
    const { outbox, deferred } = this.database;
    if (outbox.size > 0) return true;
    if (deferred.size === 0) return false;
    return [...deferred.values()].some(({ state }) => HAPPENS.includes(state));
  }

  get parked(): number {
    const { deferred } = this.database;
    if (deferred.size === 0) return 0;
    return [...deferred.values()].filter(({ state }) => state === "parked").length;
  }

  /** Forgets everything but the declarations. */
  protected clear(): void {
    this.#database = new MemoryDatabase();
    for (const one of this.#declared) this.#database.declarations.set(one.fingerprint, one);
  }

  protected keepDeclarations(): void {
    this.#declared = [...this.#database.declarations.values()];
  }

  expire(owner: string, now: number): void {
    const { database } = this;
    // In turn with the transactions: one that is undone would undo this as well.
    void database.exclusive(() => void database.bury(owner, now));
  }
}

type Tables = ReadonlyMap<
  MemoryTable<NonNullable<unknown>>,
  ReadonlyMap<string, NonNullable<unknown>>
>;

/** A service whose rows are in memory as well, in tables of `memoryTable`. */
export class MemoryRows extends Bookkeeping implements SimulatedDatabase<MemoryTx> {
  readonly rows = new MemoryTx(() => []);
  #kept: Tables = new Map();
  /** Every table that was ever opened. */
  readonly #tables = new Set<MemoryTable<NonNullable<unknown>>>();

  open(): MemoryStore {
    return new MemoryStore(this.database);
  }

  keep(): void {
    this.keepDeclarations();
    this.#note();
    this.#kept = new Map([...this.#tables].map((table) => [table, new Map(table.rows)]));
  }

  reset(): void {
    this.#note();
    this.clear();
    for (const table of this.#tables) {
      table.rows.clear();
      for (const [key, row] of this.#kept.get(table) ?? []) table.rows.set(key, row);
    }
  }

  close(): void {}

  #note(): void {
    for (const table of this.database.tables) this.#tables.add(table);
  }
}
