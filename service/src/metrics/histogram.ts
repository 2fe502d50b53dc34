/** Each bucket of durations ends at 10 % more than the one before, so that percentiles are right to 5 %. */
const GROWTH = 1.1;
/** From 0.01 ms to three hours: what is outside counts as its nearest. */
const FIRST = -48;
const LAST = 170;

/** The bucket of a duration: that of all over `GROWTH ** (bucket - 1)` ms, up to `GROWTH ** bucket` ms. */
export function bucketOf(milliseconds: number): number {
  const bucket = Math.ceil(Math.log(milliseconds) / Math.log(GROWTH));
  return Math.min(Math.max(bucket, FIRST), LAST) || 0;
}

/** How many durations each bucket has. */
export type Histogram = ReadonlyMap<number, number>;

/** The duration in milliseconds that this share of all does not exceed; null if there is none. */
export function percentileOf(histogram: Histogram, share: number): number | null {
  const buckets = [...histogram].sort(([a], [b]) => a - b);
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let before = 0;
  for (const [bucket, count] of buckets) {
    if (before + count >= rank) {
      const within = (rank - before) / count;
      return Number((GROWTH ** (bucket - 1 + within)).toPrecision(3));
    }
    before += count;
  }
  return Number((GROWTH ** buckets.at(-1)![0]).toPrecision(3));
}
