import { MINUTE } from "../common/durations.js";

/** What is counted by: a minute, an hour, a day. */
export const STEP_MINUTES = [1, 60, 1440] as const;

/** So many days counts by the minute are kept; those by the hour and day as long as metrics are. */
export const MINUTES_KEPT_DAYS = 2;

export function floorTo(date: Date, minutes: number): Date {
  const step = minutes * MINUTE;
  return new Date(Math.floor(date.getTime() / step) * step);
}

export function ceilTo(date: Date, minutes: number): Date {
  const step = minutes * MINUTE;
  return new Date(Math.ceil(date.getTime() / step) * step);
}
