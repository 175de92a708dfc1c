import type { Logger } from "../ports/logger.ts";
import type { Store } from "../ports/store.ts";
import type { RetryPolicy } from "../runtime/retry.ts";

/**
 * Options of a rehearsal.
 *
 * @example
 * ```ts
 * import { type Sql, sqlite } from "odori/sqlite";
 * import type { RehearsalOptions } from "odori/testing";
 *
 * const options: RehearsalOptions<Sql> = {
 *   store: () => sqlite(":memory:"),
 *   now: new Date("2026-12-24T18:00:00Z"),
 * };
 * ```
 */
export interface RehearsalOptions<Native> {
  /**
   * Makes the store of a service: `() => sqlite(":memory:")`, `() => memoryStore()`, or that of
   * `testSchemas` of `odori/postgres`.
   */
  readonly store: (service: string) => Store<Native> | Promise<Store<Native>>;
  /**
   * Sets the clock of the databases to milliseconds since 1970, where they have one of their own.
   * @default does nothing
   */
  readonly clock?: (now: number) => Promise<void>;
  /**
   * When it begins.
   * @default 2026-01-01T00:00:00Z
   */
  readonly now?: Date;
  /**
   * Seed of `random` and `uuid` of the handlers, and of the pauses between retries.
   * @default 1
   */
  readonly seed?: number;
  /**
   * Retries after a technical failure.
   * @default as `start`
   */
  readonly retry?: Partial<RetryPolicy>;
  /**
   * Takes the log lines of the services.
   * @default writes none
   */
  readonly logger?: Logger;
  /**
   * Real time, in milliseconds, after which a handler that has not returned is no longer waited
   * for. It then goes on by itself.
   * @default 3_000
   */
  readonly patienceMs?: number;
}
