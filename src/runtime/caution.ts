import { DEATH_REMEMBERED_MS, type Opened } from "../ports/store.ts";

/**
 * Knows whether a process may have died with deliveries in hand. While one may, deliveries from the
 * bus are written down before they run, so that the one that ends processes is found.
 */
export class Caution {
  #until = 0;
  #died = false;

  /** `now` is in milliseconds since 1970. */
  isOn(now: number): boolean {
    return this.#died || now < this.#until;
  }

  /** Another process that seems to run may have died less than a lease ago. */
  opened({ others }: Opened, leaseMs: number, now: number): void {
    const lasts = { none: 0, running: 2 * leaseMs, died: DEATH_REMEMBERED_MS };
    this.#until = now + lasts[others];
  }

  /** Whether the last claim has found that a process died. */
  claimed(died: boolean): void {
    this.#died = died;
  }
}
