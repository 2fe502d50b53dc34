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
export class Histogram {
  private readonly counts = new Float64Array(LAST - FIRST + 1);

  add(bucket: number, count: number): void {
    this.counts[bucket - FIRST]! += count;
  }

  addAll({ counts }: Histogram): void {
    for (let place = 0; place < counts.length; place++) this.counts[place]! += counts[place]!;
  }

  /** For each share: the duration in milliseconds that it does not exceed; undefined if there is none. */
  percentiles<const Shares extends readonly number[]>(
    shares: Shares,
  ): { [Place in keyof Shares]: number } | undefined {
    let total = 0;
    for (const count of this.counts) total += count;
    if (total === 0) return undefined;
    return shares.map((share) => this.durationAt(share * total)) as {
      [Place in keyof Shares]: number;
    };
  }

  /** @param rank how many durations are not longer; more than 0, and at most all of them. */
  private durationAt(rank: number): number {
    let place = 0;
    let before = 0;
    while (before + this.counts[place]! < rank) before += this.counts[place++]!;
    const within = (rank - before) / this.counts[place]!;
    return Number((GROWTH ** (place + FIRST - 1 + within)).toPrecision(3));
  }
}
