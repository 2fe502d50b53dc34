import { DAY, HOUR, MINUTE } from "../common/durations.js";
import { STEP_MINUTES } from "./steps.js";

/** Round steps, each of which is made of whole steps that are counted already. */
const STEPS = [
  ...[1, 2, 5, 10].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3].map((hours) => hours * HOUR),
  ...[1, 2, 7, 14, 28, 84].map((days) => days * DAY),
];
const MOST_BUCKETS = 60;

/** A span of time, cut at round moments (of UTC) into at most about 60 pieces. */
export interface Buckets {
  readonly stepMs: number;
  /** The longest of the steps that are counted by of which these pieces are made, in minutes. */
  readonly counted: number;
  /** The beginning of each piece. */
  readonly starts: readonly Date[];
}

/** @param ended whether the span is over; else what is counted in this very moment has a piece, too. */
export function cutIntoBuckets(from: Date, until: Date, ended: boolean): Buckets {
  const span = until.getTime() - from.getTime();
  const stepMs = STEPS.find((step) => span / step <= MOST_BUCKETS) ?? STEPS.at(-1)!;
  const starts: Date[] = [];
  const end = until.getTime() + (ended ? 0 : 1);
  for (let start = floor(from, stepMs); start < end; start += stepMs) {
    starts.push(new Date(start));
  }
  const counted = STEP_MINUTES.findLast((minutes) => stepMs >= minutes * MINUTE)!;
  return { stepMs, counted, starts };
}

function floor(date: Date, step: number): number {
  return Math.floor(date.getTime() / step) * step;
}
