import { codeOf } from "../../contract/errors.ts";
import type { Purged } from "../../ports/store.ts";
import { isForbidden } from "./errors.ts";
import type { Bookkeeper } from "./sql.ts";
import type { Statements } from "./statements.ts";

const WEEK_MS = 604_800_000;
/** How many weeks after this one have a partition, too. */
const WEEKS_AHEAD = 2;

type Write = <T>(work: (books: Bookkeeper) => Promise<T>) => Promise<T>;

/** Where the batches of the next purge begin. */
interface Cursor {
  readonly born: number;
  readonly sagaId: string;
}
const START: Cursor = { born: Number.MIN_SAFE_INTEGER, sagaId: "" };

/**
 * Retention: drops the partition of each week that has passed with all its sagas closed, and
 * deletes the closed sagas of other weeks in batches.
 */
export class PostgresRetention {
  readonly #write: Write;
  readonly #statements: Statements;
  #cursor = START;

  /** `write` runs its work in a transaction. */
  constructor(write: Write, statements: Statements) {
    this.#write = write;
    this.#statements = statements;
  }

  async purge(olderThanMs: number, limit: number): Promise<Purged> {
    const { before, week, weeks } = await this.#horizon(olderThanMs);
    for (let ahead = week; ahead <= week + WEEKS_AHEAD; ahead++)
      if (!weeks.has(ahead)) await this.#add(ahead);
    let rows = 0;
    // Once, before the first batch: looking for an open saga reads all of a week.
    const passed = this.#cursor === START ? [...weeks] : [];
    for (const old of passed) {
      if ((old + 1) * WEEK_MS > before) continue;
      const dropped = await this.#drop(old, before);
      // A long transaction is in the way: its end comes sooner than that of a batch for each row.
      if (dropped === "locked") return { rows, more: false };
      rows += dropped ?? 0;
    }
    // A week of which a part is within retention is dropped as a whole, later.
    const last = Math.floor(before / WEEK_MS);
    const until = weeks.has(last) ? last * WEEK_MS : before;
    return this.#batch({ before, until, limit }, rows);
  }

  #horizon(olderThanMs: number) {
    return this.#write(async (books) => {
      const [row] = await books.run(this.#statements.horizon, [olderThanMs]);
      const list: readonly number[] = JSON.parse(String(row?.weeks ?? "[]"));
      const [before, week] = [Number(row?.before), Number(row?.week)];
      return { before, week, weeks: new Set(list.toSorted((a, b) => a - b)) };
    });
  }

  /** Without the partition, rows go to the one for the rest, so a failure can wait. */
  async #add(week: number): Promise<void> {
    await this.#unlessLocked(async (books) => {
      await books.run(this.#statements.addPartition, [week]);
    });
  }

  /** Resolves to the rows of a dropped partition; undefined if a saga in it is open. */
  #drop(week: number, before: number): Promise<number | undefined | "locked"> {
    return this.#unlessLocked(async (books) => {
      const [row] = await books.run(this.#statements.dropPartition, [week, before]);
      return row?.rows === null ? undefined : Number(row?.rows);
    });
  }

  async #unlessLocked<T>(work: (books: Bookkeeper) => Promise<T>): Promise<T | "locked"> {
    try {
      return await this.#write(work);
    } catch (error) {
      if (codeOf(error) === "STORE_BUSY" || isForbidden(error)) return "locked";
      throw error;
    }
  }

  #batch(
    { before, until, limit }: { readonly [name in "before" | "until" | "limit"]: number },
    dropped: number,
  ): Promise<Purged> {
    const { examine, tryLock, deleteSagas, looseInbox, looseDeferred } = this.#statements;
    const { born, sagaId } = this.#cursor;
    return this.#write(async (books) => {
      const sagas = await books.run(examine, [born, sagaId, before, until, limit]);
      const closed = sagas.filter((saga) => saga.closed === true).map(({ saga_id }) => saga_id);
      let rows = dropped;
      if (closed.length > 0) {
        const [locked] = await books.run(tryLock, [JSON.stringify(closed)]);
        const busy: readonly unknown[] = JSON.parse(String(locked?.busy ?? "[]"));
        const free = closed.filter((saga) => !busy.includes(saga));
        const [gone] = await books.run(deleteSagas, [JSON.stringify(free), before]);
        rows += Number(gone?.rows);
      }
      await books.run(looseInbox, [before]);
      await books.run(looseDeferred, [before]);
      const last = sagas.at(-1);
      const more = last !== undefined && sagas.length === limit;
      this.#cursor = more ? { born: Number(last.born), sagaId: String(last.saga_id) } : START;
      return { rows, more };
    });
  }
}
