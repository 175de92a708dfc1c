import type { EventEnvelope } from "../contract/envelope.ts";
import type { Ticket, Writes } from "../ports/bookkeeping.ts";

/** The broker's answers that the next commit writes to the outbox. */
export type OutboxChanges = Pick<Writes, "confirm" | "reduce" | "release">;

/** Changes of the outbox that wait for a commit, and those that one is writing. */
export class Answers {
  #confirm: Ticket[] = [];
  readonly #reduce = new Map<Ticket, readonly EventEnvelope[]>();
  readonly #release = new Set<Ticket>();
  /** Reduced rows in a commit under way. Two commits that change one row could deadlock. */
  readonly #writing = new Set<Ticket>();

  get count(): number {
    return this.#confirm.length + this.#reduce.size + this.#release.size;
  }

  /** The bus has accepted every event of the row. */
  confirm(ticket: Ticket): void {
    this.#reduce.delete(ticket);
    this.#confirm.push(ticket);
  }

  /** The bus has accepted all events of the row but `events`. */
  reduce(ticket: Ticket, events: readonly EventEnvelope[]): void {
    this.#reduce.set(ticket, events);
  }

  /** The row is left to a later claim. */
  release(ticket: Ticket): void {
    this.#release.add(ticket);
  }

  /** Takes the changes for a commit; after it, the caller calls `written` or `putBack`. */
  take(): OutboxChanges {
    if (this.count === 0) return NOTHING;
    const changes = this.#writing.size === 0 ? this.#all() : this.#others();
    for (const { ticket } of changes.reduce) this.#writing.add(ticket);
    for (const ticket of changes.release) this.#writing.add(ticket);
    return changes;
  }

  written({ reduce, release }: OutboxChanges): void {
    for (const { ticket } of reduce) this.#writing.delete(ticket);
    for (const ticket of release) this.#writing.delete(ticket);
  }

  /** The commit has failed: the changes wait again, unless later ones replace them. */
  putBack(changes: OutboxChanges): void {
    this.written(changes);
    for (const { ticket, events } of changes.reduce) {
      if (!this.#reduce.has(ticket) && !this.#confirm.includes(ticket))
        this.#reduce.set(ticket, events);
    }
    for (const ticket of changes.release) this.#release.add(ticket);
    for (const ticket of changes.confirm) this.#confirm.push(ticket);
  }

  #all(): OutboxChanges {
    const confirm = this.#confirm;
    this.#confirm = [];
    const reduce = [...this.#reduce].map(([ticket, events]) => ({ ticket, events }));
    this.#reduce.clear();
    // A row is reduced first: one statement may change a row only once.
    const release = [...this.#release].filter(
      (one) => !reduce.some(({ ticket }) => ticket === one),
    );
    for (const ticket of release) this.#release.delete(ticket);
    return { confirm, reduce, release };
  }

  /** All but the changes of rows that a commit is writing. */
  #others(): OutboxChanges {
    const later = new Set(this.#writing);
    const all = this.#all();
    for (const ticket of all.confirm) if (later.has(ticket)) this.#confirm.push(ticket);
    for (const { ticket, events } of all.reduce)
      if (later.has(ticket)) this.#reduce.set(ticket, events);
    for (const ticket of all.release) if (later.has(ticket)) this.#release.add(ticket);
    return {
      confirm: all.confirm.filter((ticket) => !later.has(ticket)),
      reduce: all.reduce.filter(({ ticket }) => !later.has(ticket)),
      release: all.release.filter((ticket) => !later.has(ticket)),
    };
  }
}

const NOTHING: OutboxChanges = { confirm: [], reduce: [], release: [] };
