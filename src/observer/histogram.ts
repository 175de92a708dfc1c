/*
 * Durations are counted in buckets, eight for each doubling: a percentile is right to 9 %.
 */
const PER_DOUBLING = 8;
/** 2^(247/8) milliseconds are 22 days. */
const BUCKET_MAX = 247;

/** The bucket of a duration: 0 for less than a millisecond. */
export function bucketOf(ms: number): number {
  return ms < 1 ? 0 : Math.min(BUCKET_MAX, 1 + Math.floor(PER_DOUBLING * Math.log2(ms)));
}

/** The end of a bucket in milliseconds: no duration in it is longer. */
export function bucketEnd(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING);
}

/** How many durations each bucket has. */
export type Histogram = ReadonlyMap<number, number>;

/** The duration that a share of all does not exceed; undefined of none. */
export function percentile(histogram: Histogram, share: number): number | undefined {
  const total = countIn(histogram);
  if (total === 0) return undefined;
  let seen = 0;
  for (const [bucket, n] of [...histogram].sort(([a], [b]) => a - b)) {
    seen += n;
    if (seen >= share * total) return Math.max(1, Math.round(bucketEnd(bucket)));
  }
  return undefined;
}

export function countIn(histogram: Histogram): number {
  return [...histogram.values()].reduce((sum, n) => sum + n, 0);
}

/** Puts histograms together. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const sum = new Map<number, number>();
  for (const one of histograms)
    for (const [bucket, n] of one) sum.set(bucket, (sum.get(bucket) ?? 0) + n);
  return sum;
}
