/** Between rounds, while nothing happens; and at most after a round that has read rows. */
const PAUSE_MS = 250;
/** After a round that has read rows, at least. Shorter ones would read most sagas twice. */
const BUSY_PAUSE_MS = 100;
/**
 * Pauses are this many times as long as the work before them: services share databases and
 * processors with an observer. Measured with `npm run bench:console -- --only beside`.
 */
const REST = 2;

/** A round of the follower. */
export interface FollowRound {
  readonly rows: number;
  /** Whether the feeds have more than it could read. */
  readonly more: boolean;
}

/**
 * How long to wait before the next round, in milliseconds; 0 where there is more to read.
 *
 * @param workedMs how long rounds have worked since the last pause
 */
export function restAfter({ rows, more }: FollowRound, workedMs: number): number {
  if (more) return 0;
  return rows > 0 ? Math.min(Math.max(REST * workedMs, BUSY_PAUSE_MS), PAUSE_MS) : PAUSE_MS;
}
