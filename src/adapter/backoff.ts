/** First and longest pause before a rejected message is delivered again, in milliseconds. */
const PAUSE_MS = { first: 10, longest: 1_000 } as const;

/**
 * Returns the pause in milliseconds before a message is delivered again, after `failures` (from 1)
 * rejections in a row: 10 ms, doubled each time, at most 1 s.
 *
 * The runtime rejects a message only while its database is unavailable. Retries of a failing
 * handler have a delay of their own, which the runtime keeps in the store.
 *
 * @example
 * ```ts
 * import { redeliveryPauseMs } from "odori/adapter";
 *
 * const redeliver = (failures: number, again: () => void) =>
 *   setTimeout(again, redeliveryPauseMs(failures));
 * ```
 */
export function redeliveryPauseMs(failures: number): number {
  return Math.min(PAUSE_MS.longest, PAUSE_MS.first * 2 ** Math.min(failures - 1, 16));
}
