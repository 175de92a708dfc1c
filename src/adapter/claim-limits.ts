import { type ClaimOptions, SUSPECTS_TOGETHER } from "../ports/store.ts";

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

/** How many deliveries to take together, if one of them has this many claims behind it. */
export function togetherAtMost(claims: number, limit: number): number {
  if (claims === 0) return limit;
  return Math.min(limit, claims === 1 ? SUSPECTS_TOGETHER : 1);
}
