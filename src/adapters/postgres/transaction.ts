import { decodeStored, encodeStored } from "../../cloudevents/json.ts";
import { stemOf } from "../../contract/grammar.ts";
import { birthIn } from "../../ports/birth.ts";
import type {
  DeferredUpdate,
  GatheredEvent,
  Receipt,
  ReceiptStatus,
  Received,
  Writes,
  Written,
} from "../../ports/bookkeeping.ts";
import type { NewDeferred } from "../../ports/deferred.ts";
import { alreadyReceived } from "../../ports/errors.ts";
import type { InboxKey, JournalEntry } from "../../ports/journal.ts";
import type {
  HandlerScope,
  ScopeOptions,
  StoreTransaction,
  Together,
  WriteOptions,
} from "../../ports/transaction.ts";
import { isAborted, isDuplicate } from "./errors.ts";
import type { Sql, SqlRow } from "./native.ts";
import type { Bookkeeper, Statement } from "./sql.ts";
import type { Statements } from "./statements.ts";

/**
 * An inbox row that proves the commit of its transaction. No other transaction writes the row
 * meanwhile: its saga is locked.
 */
export interface Evidence extends InboxKey {
  /** When it was written: milliseconds since 1970, on the database's clock. */
  readonly at: string;
  /** The transaction's id. It proves nothing alone: a crashed server may use it again. */
  readonly xid: string;
}

type Stamp = Pick<Evidence, "at" | "xid">;
/** What a batch writes into the row of one saga. */
interface SagaChange {
  readonly born: number | undefined;
  readonly correlation: string | undefined;
  readonly marks: Map<string, string>;
}

const NOTHING: Written = { ticket: undefined, deferred: [] };

/** What a transaction needs. */
export interface PostgresTransactionParts {
  readonly native: Sql;
  readonly books: Bookkeeper;
  readonly statements: Statements;
  /** The process that publishes the outbox rows; null leaves them to the relay. */
  readonly owner: string | null;
  /** `Session.fingerprint`. */
  readonly fingerprint: string | undefined;
  /** Whether to wait for sagas that another transaction holds. */
  readonly waits: boolean;
  /** Makes the scope of one handler. */
  readonly scope: (options?: ScopeOptions) => HandlerScope<Sql>;
  /** Makes the scopes of several handlers of one statement each. */
  readonly together?: () => Together<Sql>;
  /** Told before bookkeeping is written. */
  readonly onWrite?: () => void;
  /** Told the server process of the transaction. */
  readonly onPid?: (pid: number) => void;
}

/**
 * The bookkeeping inside one transaction. Transactions run concurrently; each locks a saga before
 * it looks it up, so what it looked up cannot change before it ends.
 */
export class PostgresTransaction implements StoreTransaction<Sql> {
  readonly native: Sql;
  readonly scope: (options?: ScopeOptions) => HandlerScope<Sql>;
  readonly together?: () => Together<Sql>;
  /**
   * What tells after a COMMIT without an answer whether it happened, once an inbox row was written.
   */
  evidence: Evidence | undefined;
  /** The failure of the statement that was sent together with COMMIT. */
  failure: unknown;
  readonly #books: Bookkeeper;
  readonly #statements: Statements;
  readonly #owner: string | null;
  readonly #fingerprint: string | null;
  readonly #waits: boolean;
  readonly #onPid: (pid: number) => void;
  readonly #onWrite: () => void;
  #stamp: Stamp | undefined;

  constructor({
    native,
    books,
    statements,
    owner,
    fingerprint,
    waits,
    scope,
    together,
    onPid = () => {},
    onWrite = () => {},
  }: PostgresTransactionParts) {
    this.native = native;
    this.#waits = waits;
    this.scope = scope;
    if (together !== undefined) this.together = together;
    this.#onPid = onPid;
    this.#onWrite = onWrite;
    this.#books = books;
    this.#statements = statements;
    this.#owner = owner;
    this.#fingerprint = fingerprint ?? null;
  }

  async alone(): Promise<void> {
    await this.#books.run(this.#statements.alone, []);
  }

  async receive(receipts: readonly Receipt[]): Promise<readonly Received[]> {
    if (receipts.length === 0) return [];
    const { lock, tryLock, receive, held } = this.#statements;
    const asked = receipts.map(({ sagaId: saga, ...key }, n) => {
      const { reaction, source, id, type } = key;
      return { n, reaction, source, id, stem: stemOf(type), saga };
    });
    const sagas = receipts.map(({ sagaId }) => sagaId);
    const deferred = receipts.flatMap(({ deferred: seq }) => (seq === undefined ? [] : [seq]));
    const [locked = [], rows = [], own = []] = await Promise.all([
      this.#books.run(this.#waits ? lock : tryLock, [JSON.stringify(sagas)]),
      this.#books.run(receive, [JSON.stringify(asked)]),
      ...(deferred.length > 0
        ? [this.#books.run(held, [JSON.stringify(deferred), this.#owner])]
        : []),
    ]);
    this.#stamp = stampOf(locked);
    this.#onPid(Number(locked[0]?.pid));
    const busy = busyOf(locked);
    const heldSeqs = new Set(own.map(({ seq }) => Number(seq)));
    const found = new Map(rows.map((row) => [Number(row.n), row]));
    return Promise.all(
      receipts.map(async (receipt, n) => {
        const row = found.get(n);
        return {
          status: busy.has(receipt.sagaId) ? ("busy" as const) : statusOf(receipt, row, heldSeqs),
          born: row === undefined ? undefined : Number(row.born),
          marks: marksOf(row),
          gathered: receipt.gathers ? await this.#gathered(receipt) : [],
          found: receipt.seeks.length > 0 && (await this.#hasPassed(receipt)),
        };
      }),
    );
  }

  async write(writes: Writes, { last = false }: WriteOptions = {}): Promise<Written> {
    const { journal, amend } = writes;
    this.#onWrite();
    await this.#reduceOutbox(writes);
    const stamp = await this.#stamped(writes);
    const [entry] = [...journal, ...amend];
    if (entry !== undefined) this.evidence = { ...entry, ...stamp };
    const flight = this.#sent(writes, stamp);
    return last && this.#books.commit() ? this.#unlessFailed(flight) : flight;
  }

  /** After COMMIT was sent, its reply decides; the statement's own failure explains it. */
  async #unlessFailed(written: Promise<Written>): Promise<Written> {
    try {
      return await written;
    } catch (error) {
      this.failure = error;
      return NOTHING;
    }
  }

  /** Sends what is written in one flight: none of it needs the reply to another part. */
  async #sent(writes: Writes, { at }: Stamp): Promise<Written> {
    const { amend, duplicates, redefer, settle, drop } = writes;
    const statements = this.#statements;
    const send = (list: readonly unknown[], statement: Statement, ...more: (string | null)[]) =>
      list.length === 0 ? [] : this.#books.run(statement, [JSON.stringify(list), ...more]);
    const [[row], , , changed, settled] = await inOneFlight([
      this.#writeRows(writes, at),
      send(duplicates.map(toKeyRow), statements.countDuplicates),
      send(amend.map(toJournalRow), statements.amend, at, this.#fingerprint),
      send(redefer.map(toChangeRow), statements.redefer),
      send(settle, statements.settle),
      send(drop.map(toDropRow), statements.drop),
    ]);
    return { ...toWritten(row), released: changed.length + settled.length > 0 };
  }

  async #writeRows(writes: Writes, at: string): Promise<readonly SqlRow[]> {
    const { journal, amend, enqueue, confirm, defer, marks } = writes;
    const touched = journal.length + amend.length + marks.length + defer.length > 0;
    if (!touched && enqueue.length + confirm.length === 0) return [];
    const { statement, values } = this.#statements.write({
      at,
      fingerprint: this.#fingerprint,
      sagas: touched ? JSON.stringify(sagasOf(writes, Number(at))) : undefined,
      journal: listOf(journal, toJournalRow),
      confirm: listOf(confirm, (row) => row),
      defer:
        defer.length === 0
          ? undefined
          : { owner: this.#owner, rows: JSON.stringify(defer.map(toDeferredRow)) },
      enqueue:
        enqueue.length === 0
          ? undefined
          : { owner: this.#owner, count: enqueue.length, events: encodeStored(enqueue) },
    });
    try {
      return await this.#books.run(statement, values);
    } catch (error) {
      const [first] = journal;
      throw isDuplicate(error) && first !== undefined ? alreadyReceived(first) : error;
    }
  }

  /** Time and transaction id of the inbox rows: needed before they are written with COMMIT. */
  async #stamped({ journal, amend, enqueue, marks, defer }: Writes): Promise<Stamp> {
    const lists = [journal, amend, enqueue, marks, defer];
    if (lists.every(({ length }) => length === 0)) return { at: "0", xid: "0" };
    this.#stamp ??= stampOf(await this.#books.run(this.#statements.lock, ["[]"]));
    return this.#stamp;
  }

  /** Rare, so these are statements of their own. */
  async #reduceOutbox({ reduce, release }: Writes): Promise<void> {
    const { reduce: keep, releaseOutbox } = this.#statements;
    if (reduce.length > 0) {
      const rows = reduce.map(({ ticket, events }) => ({
        ticket,
        count: events.length,
        events: encodeStored(events),
      }));
      await this.#books.run(keep, [JSON.stringify(rows)]);
    }
    if (release.length > 0)
      await this.#books.run(releaseOutbox, [JSON.stringify(release), this.#owner]);
  }

  async #gathered({ reaction, sagaId }: Receipt): Promise<readonly GatheredEvent[]> {
    const rows = await this.#books.run(this.#statements.gathered, [sagaId, reaction]);
    return rows.flatMap(({ seq, body }) =>
      decodeStored(String(body)).map((event) => ({ seq: Number(seq), event })),
    );
  }

  async #hasPassed({ sagaId, seeks }: Receipt): Promise<boolean> {
    const rows = await this.#books.run(this.#statements.passed, [sagaId, JSON.stringify(seeks)]);
    return rows.length > 0;
  }
}

/**
 * Waits for the replies to statements that were sent together. Behind the one that fails, the
 * others say only that the transaction is aborted, and may say it first.
 */
async function inOneFlight<T extends readonly unknown[] | []>(replies: T) {
  try {
    return await Promise.all(replies);
  } catch (first) {
    const settled = await Promise.allSettled(replies);
    const reasons = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    throw reasons.find((reason) => !isAborted(reason)) ?? first;
  }
}

function stampOf([row]: readonly SqlRow[]): Stamp {
  return { at: String(row?.at), xid: String(row?.xid) };
}

function statusOf(
  { deferred }: Receipt,
  row: SqlRow | undefined,
  held: ReadonlySet<number>,
): ReceiptStatus {
  if (deferred !== undefined) return held.has(deferred) ? "fresh" : "gone";
  if (row?.known === true) return "duplicate";
  return row?.blocked === true ? "blocked" : "fresh";
}

/** Sagas that another transaction holds. */
function busyOf([row]: readonly SqlRow[]): ReadonlySet<string> {
  const list: readonly string[] = typeof row?.busy === "string" ? JSON.parse(row.busy) : [];
  return new Set(list);
}

function marksOf(row: SqlRow | undefined): ReadonlyMap<string, string> {
  const marks: Readonly<Record<string, string>> =
    typeof row?.marks === "string" ? JSON.parse(row.marks) : {};
  return new Map(Object.entries(marks));
}

function toWritten(row: SqlRow | undefined): Written {
  const { ticket, seqs } = row ?? {};
  const deferred: readonly number[] = typeof seqs === "string" ? JSON.parse(seqs) : [];
  return { ticket: ticket === null || ticket === undefined ? undefined : Number(ticket), deferred };
}

/** One row for each saga that a batch touches, with its new marks. */
function sagasOf({ journal, amend, defer, marks }: Writes, now: number) {
  const sagas = new Map<string, SagaChange>();
  const changeOf = (sagaId: string, born?: number, correlationId?: string): SagaChange => {
    const correlation = correlationId === sagaId ? undefined : correlationId;
    const known = sagas.get(sagaId) ?? { born, correlation, marks: new Map() };
    sagas.set(sagaId, known);
    return known;
  };
  for (const rows of [journal, amend])
    for (const { sagaId, id, correlationId } of rows)
      changeOf(sagaId, birthIn(id, now), correlationId);
  for (const { sagaId, id } of defer) changeOf(sagaId, birthIn(id, now));
  for (const { sagaId, name, state } of marks) changeOf(sagaId).marks.set(name, state);
  return [...sagas].map(([saga, { marks, ...change }]) => ({
    saga,
    ...change,
    marks: Object.fromEntries(marks),
  }));
}

function toKeyRow({ reaction, source, id, type, sagaId: saga }: InboxKey) {
  return { reaction, source, id, stem: stemOf(type), saga };
}

function toJournalRow({
  reaction,
  source,
  id,
  type,
  sagaId: saga,
  causationId: causation,
  disposition,
  effect,
  emitted,
  attempt,
  durationMs: duration,
}: JournalEntry) {
  return {
    reaction,
    source,
    id,
    stem: stemOf(type),
    type,
    saga,
    causation,
    disposition,
    effect,
    emitted: JSON.stringify(emitted),
    attempt,
    duration,
  };
}

function toDeferredRow(row: NewDeferred, n: number) {
  const { reaction, sagaId: saga, source, id, type, state, attempts, problem, body } = row;
  // A malformed message may contain U+0000 and lone surrogates, which Postgres refuses in text.
  const text = body.malformed ? body.text.replaceAll("\u0000", "\ufffd").toWellFormed() : body.text;
  return {
    n,
    reaction,
    saga,
    source,
    id,
    type,
    state,
    attempts,
    delay: row.delayMs,
    problem: toText(problem),
    malformed: body.malformed,
    body: text,
    held: row.held === true,
  };
}

function toChangeRow(row: DeferredUpdate) {
  const { seq, state, attempts, delayMs: delay, problem } = row;
  return { seq, state, attempts, delay, problem: toText(problem) };
}

function toDropRow({ sagaId: saga, reaction, state }: Writes["drop"][number]) {
  return { saga, reaction, state };
}

function listOf<Row>(
  rows: readonly Row[],
  toRow: (row: Row, n: number) => unknown,
): string | undefined {
  return rows.length === 0 ? undefined : JSON.stringify(rows.map(toRow));
}

function toText(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
