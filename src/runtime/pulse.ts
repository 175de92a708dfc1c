import { codeOf } from "../contract/errors.ts";
import type { Environment } from "../ports/environment.ts";
import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";

export interface PulseParts {
  readonly store: Pick<Store<unknown>, "beat">;
  readonly environment: Environment;
  readonly logger: Logger;
}

/** How many beats there are in the time after which a silent process counts as dead. */
const BEATS = 5;

/**
 * Says to other processes that this one lives. It has a timer of its own: neither a slow handler
 * nor a round of the relay may keep it waiting.
 */
export class Pulse {
  readonly #parts: PulseParts;
  readonly #everyMs: number;
  #cancel: () => void = () => {};
  #stopped = true;

  constructor(parts: PulseParts, leaseMs: number) {
    this.#parts = parts;
    this.#everyMs = Math.max(1, Math.floor(leaseMs / BEATS));
  }

  start(): void {
    this.#stopped = false;
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #next(): void {
    if (this.#stopped) return;
    this.#cancel = this.#parts.environment.timer(this.#everyMs, () => {
      this.#parts.store
        .beat()
        // The relay says that the database cannot be used.
        .catch((error: unknown) =>
          this.#parts.logger.debug("this process could not say that it lives", {
            code: codeOf(error),
            error,
          }),
        )
        .then(() => this.#next());
    });
  }
}
