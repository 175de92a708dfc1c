import type { EventEnvelope } from "../contract/envelope.ts";
import type {
  DeferredKey,
  DeferredUpdate,
  MarkWrite,
  OutboxRows,
  Ticket,
  Writes,
  Written,
} from "../ports/bookkeeping.ts";
import type { NewDeferred } from "../ports/deferred.ts";
import type { InboxKey, JournalEntry } from "../ports/journal.ts";
import type { LogFields } from "../ports/logger.ts";
import type { Attempt } from "./attempt.ts";

/** What to log of a failure. */
export interface FailureLog {
  readonly fields: LogFields;
  readonly error: unknown;
}

/** A delivery that a commit has put off, to be logged. */
export interface Notice extends FailureLog {
  readonly row: NewDeferred;
  readonly seq: number | undefined;
}

/** What one commit will leave behind, while it is being put together. */
export class Draft implements Writes {
  readonly journal: JournalEntry[] = [];
  readonly amend: JournalEntry[] = [];
  readonly duplicates: InboxKey[] = [];
  readonly marks: MarkWrite[] = [];
  readonly enqueue: EventEnvelope[] = [];
  readonly defer: NewDeferred[] = [];
  readonly redefer: DeferredUpdate[] = [];
  readonly settle: number[] = [];
  readonly drop: (DeferredKey & { readonly state: "armed" | "gathered" })[] = [];
  confirm: readonly Ticket[] = [];
  reduce: readonly OutboxRows[] = [];
  release: readonly Ticket[] = [];
  readonly notices: Notice[] = [];
  /** When the handler was called, on the environment's clock; undefined if none was. */
  began: number | undefined;

  /** Takes the answers of the bus, which are written with it. */
  change({ confirm, reduce, release }: Pick<Writes, "confirm" | "reduce" | "release">): void {
    this.confirm = confirm;
    this.reduce = reduce;
    this.release = release;
  }

  /** Takes over what another draft holds. */
  add(other: Draft): void {
    append(this.journal, other.journal);
    append(this.amend, other.amend);
    append(this.duplicates, other.duplicates);
    append(this.marks, other.marks);
    append(this.enqueue, other.enqueue);
    append(this.defer, other.defer);
    append(this.redefer, other.redefer);
    append(this.settle, other.settle);
    append(this.drop, other.drop);
    append(this.notices, other.notices);
  }

  /** Says what became of a delivery for good. */
  finish(entry: JournalEntry, { deferred, journaled }: Attempt): void {
    (journaled ? this.amend : this.journal).push(entry);
    if (deferred !== undefined) this.settle.push(deferred);
  }

  /**
   * Keeps a delivery in the database, for later or for a person. `failure` is to be logged once it
   * is committed.
   */
  putOff(
    entry: JournalEntry,
    row: NewDeferred,
    { deferred, journaled }: Attempt,
    failure: FailureLog | undefined,
  ): void {
    if (failure !== undefined) this.notices.push({ ...failure, row, seq: deferred });
    (journaled ? this.amend : this.journal).push(entry);
    if (deferred === undefined) this.defer.push(row);
    else
      this.redefer.push({
        seq: deferred,
        state: row.state,
        attempts: row.attempts,
        delayMs: row.delayMs,
        problem: row.problem,
      });
  }

  /** The failures to log, with the `seq` of their rows as `write` has inserted them. */
  noticesOf({ deferred }: Written): readonly Notice[] {
    return this.notices.map((notice) => ({
      ...notice,
      seq: notice.seq ?? deferred[this.defer.indexOf(notice.row)],
    }));
  }

  /**
   * Time until something that this commit puts off, or lets go on, is due and can be claimed;
   * undefined when there is nothing of that kind.
   */
  nextDueMs({ released = true }: Written): number | undefined {
    if (this.settle.length > 0 && released) return 0;
    if (this.defer.length + this.redefer.length === 0) return undefined;
    let next: number | undefined;
    for (const rows of [this.defer, this.redefer]) {
      for (const row of rows) {
        const { state, delayMs } = row;
        if (state === "waiting" || state === "gathered" || isHeld(row)) continue;
        next = Math.min(next ?? delayMs, delayMs);
      }
    }
    return next;
  }
}

function isHeld(row: NewDeferred | DeferredUpdate): boolean {
  return "held" in row && row.held === true;
}

function append<T>(list: T[], more: readonly T[]): void {
  for (const item of more) list.push(item);
}
