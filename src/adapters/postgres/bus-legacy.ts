import type { EarlierId } from "./earlier-ids.ts";
import { Lookout } from "./lookout.ts";

/**
 * What outlives the members of a group on one bus, of which one follows the other where
 * connections break again and again. None of them is there for long enough to find another process
 * dead, and one that cannot reach the server cannot give back what it has.
 */
export class Legacy {
  readonly lookout = new Lookout();
  #ids: readonly EarlierId[] = [];

  /** Leaves ids whose rows may not have been given back. Others free them only after a lease. */
  leave(ids: readonly EarlierId[]): void {
    this.#ids = [...this.#ids, ...ids];
  }

  /** They have been given back, or another member has taken them. */
  forget(ids: readonly EarlierId[]): void {
    this.#ids = this.#ids.filter((one) => !ids.includes(one));
  }

  get ids(): readonly EarlierId[] {
    return this.#ids;
  }
}
