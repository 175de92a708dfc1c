import { type ProjectionSql, type StoredRow, textIn } from "./sql.ts";
import { RESTS } from "./tables.ts";

/** A delivery that is open, as far as the account of its event needs it. */
export interface OpenOfAccount {
  readonly stem: string;
  readonly service: string;
  readonly reaction: string;
  readonly state: string;
  /** Whether no feed counts its emission. */
  readonly uncounted: boolean;
}

interface Sums {
  putOff: number;
  onWay: number;
  uncounted: number;
}

/** A deadline is not an event, an unheard event is on no way, and where a saga rests has ended. */
const NEITHER: readonly string[] = ["armed", "unheard", RESTS];

export function openIn(row: StoredRow): OpenOfAccount {
  return {
    stem: textIn(row.stem) ?? "",
    service: textIn(row.service) ?? "",
    reaction: textIn(row.reaction) ?? "",
    state: textIn(row.state) ?? "",
    uncounted: row.uncounted === 1,
  };
}

/**
 * Keeps in each account how many of its deliveries are open. What changes is summed first: a page
 * of a feed touches thousands of sagas, and some tens of accounts.
 */
export class OpenSums {
  readonly #sql: ProjectionSql;
  readonly #changes = new Map<string, Sums>();

  constructor(sql: ProjectionSql) {
    this.#sql = sql;
  }

  /** `n` is 1 for a delivery that is written, and -1 for one that is deleted. */
  add({ stem, service, reaction, state, uncounted }: OpenOfAccount, n: 1 | -1): void {
    if (NEITHER.includes(state)) return;
    const key = JSON.stringify([stem, service, reaction]);
    const sums = this.#changes.get(key) ?? { putOff: 0, onWay: 0, uncounted: 0 };
    this.#changes.set(key, sums);
    if (state === "on its way") sums.onWay += n;
    else sums.putOff += n;
    if (uncounted) sums.uncounted += n;
  }

  /** Writes what has changed, once. Within a transaction of the caller. */
  flush(): void {
    for (const [key, { putOff, onWay, uncounted }] of this.#changes) {
      if (putOff === 0 && onWay === 0 && uncounted === 0) continue;
      const names: readonly string[] = JSON.parse(key);
      this.#sql.run(
        `INSERT INTO account VALUES (?, ?, ?, 0, 0, 0, ?, ?, ?) ON CONFLICT DO UPDATE
         SET put_off = put_off + excluded.put_off, on_way = on_way + excluded.on_way,
           uncounted = uncounted + excluded.uncounted`,
        ...[...names, putOff, onWay, uncounted],
      );
    }
  }
}
