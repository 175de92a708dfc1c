/** Between rounds, while nothing happens. */
const IDLE_PAUSE_MS = 250;
/** After a round that has read rows, at least. Shorter ones would read most sagas twice. */
const BUSY_PAUSE_MS = 100;
/**
 * After a round that has read rows: how many times as long as the work before it, and at most.
 * Services share processors with an observer, and the work of a server that reads for it is taken
 * from theirs: of that, most is for each round, not for each row. Measured with
 * `npm run bench:console -- --only beside`.
 */
const PAUSES = {
  files: { times: 2, mostMs: 250 },
  servers: { times: 10, mostMs: 500 },
} as const;

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
 * @param reads what does the reading: the observer itself in files, or servers
 */
export function restAfter(
  { rows, more }: FollowRound,
  workedMs: number,
  reads: keyof typeof PAUSES,
): number {
  if (more) return 0;
  const { times, mostMs } = PAUSES[reads];
  return rows > 0 ? Math.min(Math.max(times * workedMs, BUSY_PAUSE_MS), mostMs) : IDLE_PAUSE_MS;
}
