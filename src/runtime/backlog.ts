import { atMost, type Environment } from "../ports/environment.ts";
import type { Store } from "../ports/store.ts";
import type { Membership } from "./membership.ts";

export interface BacklogParts {
  readonly environment: Environment;
  readonly store: Pick<Store<unknown>, "putBacklog">;
  readonly membership: Pick<Membership, "backlog" | "tellsBacklog">;
}

/** How often the bus is asked, in milliseconds. */
const ASK_EVERY_MS = 2_000;
/** How long a round may take. */
const ROUND_MS = 10_000;

/**
 * Tells in the service's own database what the bus holds for it, so that others can tell an event
 * that is lost from one that is on its way.
 *
 * A broker may count while a message is between two of its parts. So the bus is empty as of a
 * question if the next one finds nothing either: what the first one missed was handled by then.
 */
export class BacklogReport {
  readonly #parts: BacklogParts;
  #cancel: () => void = () => {};
  #stopped = false;
  /** When the bus was asked last and had nothing, on the environment's clock. */
  #nothingAt: number | undefined;

  constructor(parts: BacklogParts) {
    this.#parts = parts;
  }

  /** Begins to ask, if anything can follow from it. */
  start(): void {
    const { store, membership } = this.#parts;
    if (store.putBacklog !== undefined && membership.tellsBacklog) this.#schedule();
  }

  /** A round under way finds a closed store, and ends. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #schedule(): void {
    if (this.#stopped) return;
    const { environment } = this.#parts;
    this.#cancel = environment.timer(ASK_EVERY_MS, () => {
      // The membership says what is wrong with the bus, and the relay what with the database.
      atMost(environment, ROUND_MS, this.#tell())
        .catch(() => {})
        .then(() => this.#schedule());
    });
  }

  async #tell(): Promise<void> {
    const { environment, store, membership } = this.#parts;
    const before = this.#nothingAt;
    this.#nothingAt = undefined;
    const at = environment.now();
    const deliveries = await membership.backlog();
    if (deliveries === undefined || this.#stopped) return;
    if (deliveries > 0) return store.putBacklog?.(deliveries, 0);
    this.#nothingAt = at;
    if (before !== undefined) await store.putBacklog?.(0, Math.max(0, environment.now() - before));
  }
}
