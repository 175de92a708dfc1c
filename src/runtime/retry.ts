/** Retries after a technical failure. */
export interface RetryPolicy {
  /**
   * How often a delivery is tried before it is parked, the first time included.
   * @default 25
   */
  readonly attempts: number;
  /**
   * Upper bound of the first pause, in milliseconds. Each later bound is twice the one before.
   * @default 200
   */
  readonly firstMs: number;
  /**
   * Upper bound of every pause, in milliseconds.
   * @default 60_000
   */
  readonly longestMs: number;
}

/** About 8 minutes on average, and at most 17: an outage of a partner for some minutes passes. */
export const RETRY_DEFAULT: RetryPolicy = { attempts: 25, firstMs: 200, longestMs: 60_000 };

/**
 * Returns the pause before the next attempt, in milliseconds. Full jitter: a uniform draw between
 * 0 and the bound, so that deliveries that failed together are not retried together.
 */
export function backoffMs(policy: RetryPolicy, attempt: number, random: number): number {
  return Math.floor(random * Math.min(policy.longestMs, policy.firstMs * 2 ** (attempt - 1)));
}
