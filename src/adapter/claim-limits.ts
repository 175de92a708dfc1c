import type { ClaimOptions } from "../ports/store.ts";

/** How much one `claim` takes. */
export interface ClaimLimits {
  readonly outbox: number;
  readonly deferred: number;
  /** Names of reactions; undefined takes deliveries of all. */
  readonly known: ReadonlySet<string> | undefined;
}

/** Fills in the defaults of `claim`. */
export function claimLimits(
  limit: number,
  { deferred = limit, known }: ClaimOptions = {},
): ClaimLimits {
  return { outbox: limit, deferred, known };
}
