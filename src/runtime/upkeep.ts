import { codeOf } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";

export interface UpkeepParts {
  readonly store: Pick<Store<unknown>, "purge">;
  readonly environment: Environment;
  readonly logger: Logger;
  /** Says to the store that the service still runs with its declaration. */
  renew(): Promise<void>;
}

/**
 * How often old rows are deleted at least, also as a share of retention, and how many at once; and
 * when it is tried again.
 */
const PURGE = { everyMs: 3_600_000, share: 0.1, limit: 1_000, againMs: 60_000 };

/**
 * Deletes rows past their time, now and then. It works beside the relay, which has to take up what
 * is due however much there is to delete.
 */
export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #retentionMs: number;
  #working: Promise<void> | undefined;
  #dueAt = Number.NEGATIVE_INFINITY;
  #stopped = false;
  /** Whether the start of the service was long ago: it has said so itself. */
  #renews = false;
  /** Code of the error that was said last; it is said once, until another one comes. */
  #said: string | undefined;

  constructor(parts: UpkeepParts, retentionMs: number) {
    this.#parts = parts;
    this.#retentionMs = retentionMs;
  }

  /** Begins, if it is time and nothing is under way. */
  tend(): void {
    if (this.#stopped || this.#working !== undefined) return;
    if (this.#parts.environment.now() < this.#dueAt) return;
    // It does not reject.
    this.#working = this.#work().then(() => {
      this.#working = undefined;
    });
  }

  /** Ends after the transaction that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#working;
  }

  async #work(): Promise<void> {
    const { store, environment, logger, renew } = this.#parts;
    const everyMs = Math.min(PURGE.everyMs, this.#retentionMs * PURGE.share);
    try {
      if (this.#renews) await renew();
      this.#renews = true;
      let more = true;
      while (more && !this.#stopped)
        more = (await store.purge(this.#retentionMs, PURGE.limit)).more;
      this.#said = undefined;
      this.#dueAt = environment.now() + everyMs;
    } catch (error) {
      const code = codeOf(error);
      // A service that has stopped closes its database under what is too slow.
      if (code !== this.#said && !this.#stopped)
        logger.error("old rows cannot be deleted", { code, error });
      this.#said = code;
      this.#dueAt = environment.now() + Math.min(PURGE.againMs, everyMs);
    }
  }
}
