import { MINUTE } from "../common/durations.js";

/**
 * What is counted by, in minutes: 1 and 5 minutes, an hour, a day. Each is made of whole ones of the step
 * before, and no piece of a summary is more than 3 of a step that is counted, but those of several weeks.
 */
export const STEP_MINUTES = [1, 5, 60, 1440] as const;

/** So many days counts by minutes are kept; those by the hour and day as long as metrics are. */
export const MINUTES_KEPT_DAYS = 2;

export function floorTo(date: Date, minutes: number): Date {
  const step = minutes * MINUTE;
  return new Date(Math.floor(date.getTime() / step) * step);
}

export function ceilTo(date: Date, minutes: number): Date {
  const step = minutes * MINUTE;
  return new Date(Math.ceil(date.getTime() / step) * step);
}
