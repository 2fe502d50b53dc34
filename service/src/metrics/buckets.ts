import { DAY, HOUR, MINUTE } from "../common/durations.js";

const STEPS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14].map((days) => days * DAY),
];
const MOST_BUCKETS = 60;

/** A span of time, cut at round moments into at most about 60 pieces; the first may be shorter. */
export interface Buckets {
  readonly stepMs: number;
  /** The beginning of each piece. */
  readonly starts: readonly Date[];
}

export function cutIntoBuckets(from: Date, until: Date): Buckets {
  const span = until.getTime() - from.getTime();
  const stepMs = STEPS.find((step) => span / step <= MOST_BUCKETS) ?? STEPS.at(-1)!;
  const starts: Date[] = [];
  for (let start = floor(from, stepMs); start <= until.getTime(); start += stepMs) {
    starts.push(new Date(start));
  }
  return { stepMs, starts };
}

function floor(date: Date, step: number): number {
  return Math.floor(date.getTime() / step) * step;
}
