import type { OdoriError } from "../contract/errors.ts";
import type { Writes } from "../ports/bookkeeping.ts";
import type { CensusRow } from "../ports/declarations.ts";
import { StoreUnavailableError } from "../ports/errors.ts";
import type {
  Claimed,
  ClaimOptions,
  Joined,
  Opened,
  Purged,
  Session,
  Store,
} from "../ports/store.ts";
import type { DetachedTransaction, StoreTransaction } from "../ports/transaction.ts";
import { CRASH, never } from "./crash.ts";
import { type TransactionWatch, WatchedTransaction } from "./watched-transaction.ts";

/** What a store has to know of its process. */
export interface StoreOwner {
  readonly dead: boolean;
  opened(session: Session): void;
  /** Whether the database is away. */
  isAway(when: "opens" | "commits"): boolean;
  committed(writes: readonly Writes[]): void;
}

const NOTHING_PURGED: Purged = { rows: 0, more: false };

/**
 * The store of a process that may die. What a dead process has not committed is undone, and each
 * of its calls gets a promise that never settles: a fresh one, since one that all shared would
 * keep what waits for it.
 */
export class ProcessStore<Native> implements Store<Native>, TransactionWatch<Native> {
  readonly durable = true;
  readonly lanes: number;
  readonly inspect: Store<Native>["inspect"];
  readonly declarations: Store<Native>["declarations"];
  readonly #inner: Store<Native>;
  readonly #owner: StoreOwner;
  /** Ends the transactions under way. */
  readonly #aborts = new Set<() => void>();
  /** Handlers with a transaction of their own. */
  readonly #alone = new Set<DetachedTransaction<Native>>();

  constructor(inner: Store<Native>, owner: StoreOwner) {
    this.lanes = inner.lanes;
    this.inspect = inner.inspect;
    this.declarations = inner.declarations;
    this.#inner = inner;
    this.#owner = owner;
  }

  /** The process is dead: what it has not committed is undone. */
  abort(): void {
    for (const abort of this.#aborts) abort();
    for (const alone of this.#alone) alone.abandon().catch(() => {});
  }

  check(): void {
    if (this.#owner.dead) throw CRASH;
  }

  open(session: Session): Promise<Opened> {
    this.#owner.opened(session);
    return this.#living(() => this.#inner.open(session));
  }

  transaction<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T> {
    if (this.#owner.dead) return never();
    if (this.#owner.isAway("opens")) return Promise.reject(unavailable());
    let watched: WatchedTransaction<Native> | undefined;
    const done = this.#inner.transaction((inner) => {
      watched = new WatchedTransaction(inner, this);
      return this.#watched(work(watched), watched);
    });
    return this.#committed(done, () => watched?.written ?? []);
  }

  detached(): DetachedTransaction<Native>;
  detached(inner: DetachedTransaction<Native>): DetachedTransaction<Native>;
  detached(inner: DetachedTransaction<Native> = this.#inner.detached()) {
    this.#alone.add(inner);
    return new WatchedAlone(inner, {
      dead: () => this.#owner.dead,
      watch: (tx) => new WatchedTransaction(tx, this),
      watched: (work, tx) => this.#watched(work, tx),
      committed: (done, written) => this.#committed(done, written),
      ended: () => this.#alone.delete(inner),
    });
  }

  join(native: Joined<Native>): StoreTransaction<Native> {
    return this.#inner.join(native);
  }

  beat(): Promise<void> {
    return this.#living(() => this.#inner.beat());
  }

  claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    return this.#living(() => this.#inner.claim(limit, options));
  }

  /** Nothing is as old as the retention of a simulation. */
  purge(): Promise<Purged> {
    return this.#living(async () => NOTHING_PURGED);
  }

  census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    return this.#living(() => this.#inner.census(kind));
  }

  close(): Promise<void> {
    return this.#living(() => this.#inner.close());
  }

  #living<T>(call: () => Promise<T>): Promise<T> {
    return this.#owner.dead ? never() : call();
  }

  /** Settles as the work of a transaction does, unless the process dies or cannot commit. */
  #watched<T>(work: Promise<T>, tx: WatchedTransaction<Native>): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = () => failed(CRASH);
      const failed = (error: unknown) => {
        if (!this.#aborts.delete(abort)) return;
        if (this.#owner.dead) tx.closeScope().then(() => reject(error));
        else reject(error);
      };
      this.#aborts.add(abort);
      work.then((value) => {
        // A run that is over leaves its processes, without an abort.
        if (this.#owner.dead) return failed(CRASH);
        this.#aborts.delete(abort);
        if (tx.written.length > 0 && this.#owner.isAway("commits")) reject(unavailable());
        else resolve(value);
      }, failed);
    });
  }

  #committed<T>(done: Promise<T>, written: () => readonly Writes[]): Promise<T> {
    return done.then(
      (result) => {
        this.#owner.committed(written());
        return result;
      },
      (error: unknown) => {
        if (this.#owner.dead) return never();
        throw error;
      },
    );
  }
}

/** What a handler with a transaction of its own needs of its store. */
interface WatchedAloneParts<Native> {
  dead(): boolean;
  watch(tx: StoreTransaction<Native>): WatchedTransaction<Native>;
  watched<T>(work: Promise<T>, tx: WatchedTransaction<Native>): Promise<T>;
  committed<T>(done: Promise<T>, written: () => readonly Writes[]): Promise<T>;
  ended(): void;
}

class WatchedAlone<Native> implements DetachedTransaction<Native> {
  readonly native: Native;
  readonly #inner: DetachedTransaction<Native>;
  readonly #parts: WatchedAloneParts<Native>;

  constructor(inner: DetachedTransaction<Native>, parts: WatchedAloneParts<Native>) {
    this.native = inner.native;
    this.#inner = inner;
    this.#parts = parts;
  }

  get contended(): boolean {
    return this.#inner.contended;
  }

  returned(report: (error: OdoriError) => void): void {
    this.#inner.returned(report);
  }

  sent(): Promise<void> | undefined {
    return this.#inner.sent?.();
  }

  complete<T>(work: (tx: StoreTransaction<Native>) => Promise<T>): Promise<T> {
    const { dead, watch, watched, committed, ended } = this.#parts;
    if (dead()) return never();
    let written: readonly Writes[] = [];
    const done = this.#inner.complete((inner) => {
      const tx = watch(inner);
      written = tx.written;
      return watched(work(tx), tx);
    });
    return committed(done, () => written).then((result) => {
      ended();
      return result;
    });
  }

  async abandon(): Promise<void> {
    this.#parts.ended();
    await this.#inner.abandon();
  }
}

function unavailable(): StoreUnavailableError {
  return new StoreUnavailableError("STORE_UNAVAILABLE", "The simulated database is away.");
}
