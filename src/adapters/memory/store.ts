import { type ClaimLimits, claimLimits } from "../../adapter/claim-limits.ts";
import { Roster, type SeenMember } from "../../adapter/roster.ts";
import { busFaultText } from "../../adapter/rows.ts";
import type { CensusRow, Declarations } from "../../ports/declarations.ts";
import { notOurs, storeNotOpen, transactionClosed } from "../../ports/errors.ts";
import type { BusFault } from "../../ports/inspection.ts";
import {
  type Claimed,
  type ClaimOptions,
  DEATH_REMEMBERED_MS,
  type Opened,
  type Purged,
  type Session,
  type Store,
} from "../../ports/store.ts";
import type { StoreTransaction } from "../../ports/transaction.ts";
import { census } from "./census.ts";
import { claimDeferred } from "./claim.ts";
import { MemoryDatabase, type OutboxRecord } from "./database.ts";
import { MemoryDeclarations } from "./declarations.ts";
import { MemoryInspection } from "./inspect.ts";
import { MemoryTable, MemoryTx } from "./native.ts";
import { purge } from "./purge.ts";
import { MemoryScope } from "./scope.ts";
import { MemoryTransaction, type Writer } from "./transaction.ts";

/** A store for tests and for learning. Its data is lost when the process ends. */
export class MemoryStore implements Store<MemoryTx> {
  readonly durable = false;
  /** One: a transaction has the whole database. */
  readonly lanes = 1;
  readonly inspect: MemoryInspection;
  readonly declarations: Declarations;
  readonly #database: MemoryDatabase;
  #session: Session | undefined;
  #roster = new Roster();
  /** How often this process was found dead, as far as it knows. */
  #deaths = 0;

  constructor(database: MemoryDatabase = new MemoryDatabase()) {
    this.#database = database;
    const now = () => this.#writer(undefined).now();
    this.inspect = new MemoryInspection(database, now);
    this.declarations = new MemoryDeclarations(database, now);
  }

  async open(session: Session): Promise<Opened> {
    const owner = this.#database.service;
    if (owner !== undefined && owner !== session.service) {
      throw notOurs(session.service, owner);
    }
    this.#database.service = session.service;
    this.#session = session;
    this.#roster = new Roster();
    this.#deaths = 0;
    const members = [...this.#database.members.values()];
    const died = members.some(({ diedAt }) => diedAt !== undefined);
    this.#beat(session);
    return { warnings: [], others: died ? "died" : members.length > 0 ? "running" : "none" };
  }

  transaction<T>(work: (tx: StoreTransaction<MemoryTx>) => Promise<T>): Promise<T> {
    const writer = this.#writer(this.#session?.owner);
    let transaction: MemoryTransaction | undefined;
    return this.#exclusive(
      (native) => {
        transaction = new MemoryTransaction(this.#database, native, writer);
        return work(transaction);
      },
      () => transaction?.end(),
    );
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

  beat(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return Promise.resolve();
    return this.#database.exclusive(() => this.#beat(session));
  }

  claim(limit: number, options?: ClaimOptions): Promise<Claimed> {
    const limits = claimLimits(limit, options);
    return this.#database.exclusive(() => this.#claim(limits));
  }

  async putBacklog(deliveries: number, askedMs: number): Promise<void> {
    const session = this.#session;
    const member = session && this.#database.members.get(session.owner);
    if (session === undefined || member === undefined) return;
    const emptyAt = deliveries === 0 ? session.now() - askedMs : member.emptyAt;
    await this.#database.exclusive(() => {
      this.#database.members.set(member.owner, { ...member, backlog: deliveries, emptyAt });
    });
  }

  async putBusFault(fault: BusFault | undefined): Promise<void> {
    const session = this.#session;
    const member = session && this.#database.members.get(session.owner);
    if (session === undefined || member === undefined) return;
    const busFault = fault && { told: busFaultText(fault), at: session.now() - fault.sinceMs };
    await this.#database.exclusive(() => {
      this.#database.members.set(member.owner, { ...member, busFault });
    });
  }

  purge(olderThanMs: number, limit: number): Promise<Purged> {
    return this.#database.exclusive(() =>
      purge(this.#database, this.#writer(undefined).now() - olderThanMs, limit),
    );
  }

  async census(kind: CensusRow["kind"]): Promise<readonly CensusRow[]> {
    return census(this.#database, kind);
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    await this.#database.exclusive(() => {
      this.#database.members.delete(session.owner);
      // What it has claimed and not handled does not count; what it held was not claimed.
      for (const row of [...this.#database.deferred.values()])
        if (row.owner === session.owner)
          this.#database.putDeferred({
            ...row,
            owner: undefined,
            claims: Math.max(0, row.claims - 1),
          });
    });
  }

  #exclusive<T>(work: (native: MemoryTx) => Promise<T>, ended?: () => void): Promise<T> {
    let open = true;
    const native = new MemoryTx(() => {
      if (!open) throw transactionClosed();
      return this.#database.log;
    }, this.#database.tables);
    return this.#database.exclusive(
      () => work(native),
      () => {
        open = false;
        ended?.();
      },
    );
  }

  #claim(limits: ClaimLimits): Claimed {
    const session = this.#session;
    if (session === undefined) throw storeNotOpen();
    const database = this.#database;
    const { owner } = session;
    const now = session.now();
    const lost = this.#wasLost(session);
    const processes = this.#bury(session);
    const outbox: OutboxRecord[] = [];
    for (const row of database.outbox.values())
      if (outbox.length < limits.outbox && !database.isLive(row.owner)) outbox.push(row);
    let events = 0;
    for (const row of outbox) {
      if (database.isDead(row.owner)) events += row.events.length;
      database.outbox.set(row.ticket, { ...row, owner });
    }
    const found = claimDeferred(database, limits, { owner, now });
    const { deferred, nextDueMs, orphans: deliveries } = found;
    const takenOver = { processes, events, deliveries };
    return { outbox, deferred, nextDueMs, died: this.#hasDied(now), takenOver, lost };
  }

  /** Whether another process has found this one dead. It lives, and says so. */
  #wasLost(session: Session): boolean {
    const member = this.#database.members.get(session.owner);
    const deaths = member?.deaths ?? this.#deaths + 1;
    const lost = deaths !== this.#deaths;
    if (lost) this.#beat(session);
    this.#deaths = this.#database.members.get(session.owner)?.deaths ?? 0;
    return lost;
  }

  /** Returns how many processes it is the first to find dead. */
  #bury({ owner, leaseMs, now }: Session): number {
    const others: SeenMember[] = [];
    for (const member of this.#database.members.values())
      if (member.owner !== owner && member.diedAt === undefined)
        others.push({
          owner: member.owner,
          beat: member.beats,
          lock: "unknown",
          leaseMs: member.leaseMs,
        });
    const patience = { silentMs: leaseMs, freedMs: leaseMs, freeMs: leaseMs };
    const dead = this.#roster.look(others, now(), patience);
    return dead.filter((member) => this.#database.bury(member.owner, now())).length;
  }

  /** Whether a process has died lately; forgets those that died earlier. */
  #hasDied(now: number): boolean {
    const { members } = this.#database;
    let died = false;
    for (const { owner, diedAt } of members.values()) {
      if (diedAt === undefined) continue;
      const recent = Math.abs(now - diedAt) <= DEATH_REMEMBERED_MS;
      died ||= recent;
      if (!recent) members.delete(owner);
    }
    return died;
  }

  #beat({ owner, leaseMs, now }: Session): void {
    const before = this.#database.members.get(owner);
    const { beats = 0, deaths = 0 } = before ?? {};
    const expiresAt = now() + leaseMs;
    const member = { owner, beats: beats + 1, expiresAt, leaseMs, diedAt: undefined, deaths };
    this.#database.members.set(owner, { ...before, ...member });
  }

  #writer(owner: string | undefined): Writer {
    const { now = () => Date.now(), fingerprint } = this.#session ?? {};
    return { owner, now, fingerprint };
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
