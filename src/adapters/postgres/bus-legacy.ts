import type { Lookout } from "./lookout.ts";

/** An id that a member had, and under which there may be rows. */
export interface EarlierId {
  readonly owner: string;
  /** Since when it is not used, on the clock of `performance.now()`. */
  readonly at: number;
}

/**
 * What a member leaves to the next one of its group on the same bus: where connections break again
 * and again, no member is there for long enough to do this by itself.
 */
export class Legacy {
  #ids: readonly EarlierId[] = [];
  #lookout: Lookout | undefined;

  /** Leaves ids whose rows could not be given back. The process lives, so no other one frees them. */
  leaveIds(ids: readonly EarlierId[]): void {
    this.#ids = [...this.#ids, ...ids];
  }

  /** Leaves what was seen of the other members. */
  leaveLookout(lookout: Lookout): void {
    this.#lookout = lookout;
  }

  takeIds(): readonly EarlierId[] {
    const ids = this.#ids;
    this.#ids = [];
    return ids;
  }

  takeLookout(): Lookout | undefined {
    const lookout = this.#lookout;
    this.#lookout = undefined;
    return lookout;
  }
}
