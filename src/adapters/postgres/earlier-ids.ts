/** An id that a process had, and under which there may be rows. */
export interface EarlierId {
  readonly owner: string;
  /** Since when it is not used, on the clock of `performance.now()`. */
  readonly at: number;
}

/**
 * How long what is under an earlier id is left alone: its statement may still be under way, and
 * most of it is settled meanwhile.
 */
const RENOUNCED_MS = 2_000;

/** Whether what is under an earlier id can be given back. */
export function isDue({ at }: EarlierId, leaseMs: number): boolean {
  return performance.now() - at >= Math.min(RENOUNCED_MS, leaseMs);
}
