/** First and longest pause before a rejected message is delivered again, in milliseconds. */
const PAUSE_MS = { first: 10, longest: 1_000 } as const;

/**
 * How long to wait after `failures` (from 1) rejections in a row. Not for retries, which the
 * runtime counts: a message is rejected when its database is away.
 */
export function redeliveryPauseMs(failures: number): number {
  return Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(failures - 1, 16));
}
