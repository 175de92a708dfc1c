import type { Deferred, NewDeferred } from "../ports/deferred.ts";
import type { Environment } from "../ports/environment.ts";

/** Longest pause of a delivery that is kept in hand: other processes could take a longer one. */
const PAUSE_MAX_MS = 1_000;
/** Most deliveries in hand, about; each is kept with its body. */
const HELD_MAX = 100;

/**
 * Deliveries that have failed once and are due again soon. Their rows are in the database, where
 * no other process takes them while this one lives, so that the second attempt needs no claim: most
 * failures pass with it.
 */
export class HeldDeliveries {
  readonly #environment: Environment;
  readonly #resume: (deferred: Deferred) => void;
  readonly #cancels = new Set<() => void>();
  #stopped = false;

  constructor(environment: Environment, resume: (deferred: Deferred) => void) {
    this.#environment = environment;
    this.#resume = resume;
  }

  /** Whether there is room for one that is due after `delayMs`. */
  mayHold(delayMs: number): boolean {
    return delayMs <= PAUSE_MAX_MS && this.#cancels.size < HELD_MAX && !this.#stopped;
  }

  /** Resumes the delivery once it is due. `seq` is that of its row. */
  add({ delayMs, ...row }: NewDeferred, seq: number): void {
    if (this.#stopped) return;
    const at = this.#environment.now();
    const deferred = { ...row, seq, claims: 0, dueAt: at + delayMs, at, reason: undefined };
    const cancel = this.#environment.timer(delayMs, () => {
      this.#cancels.delete(cancel);
      this.#resume(deferred);
    });
    this.#cancels.add(cancel);
  }

  /** Resumes nothing more. Closing the store gives the rows up. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
