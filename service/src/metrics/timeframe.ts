import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { DAY, HOUR, later } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import { ceilTo, floorTo, MINUTES_KEPT_DAYS } from "./steps.js";

/** The last hours, or what was between two moments. */
export type Timeframe =
  | { readonly hours: number; readonly from?: undefined }
  | { readonly hours?: undefined; readonly from: Date; readonly until: Date };

/** A timeframe, made of whole minutes, or of whole hours where minutes are not kept. */
export interface Span {
  readonly from: Date;
  readonly until: Date;
  /** Before this the counts are read: later than `until` where that is now, whose minute goes on. */
  readonly countedUntil: Date;
}

/** Which timeframes can be asked for, and what they mean. */
@Injectable()
export class TimeframeRules {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @throws {ServiceError} `BAD_USER_INPUT`. */
  check(asked: Timeframe): void {
    const days = this.config.METRICS_RETENTION_DAYS;
    if (asked.hours !== undefined) {
      const { hours } = asked;
      if (Number.isInteger(hours) && hours >= 1 && hours <= days * 24) return;
      throw refused(`timeframeHours must be a whole number from 1 to ${days * 24}.`);
    }
    const { from, until } = asked;
    const now = this.clock.now();
    if (!(from < until)) throw refused("The timeframe must begin before it ends.");
    if (from >= now) throw refused("The timeframe must not begin in the future.");
    if (from < later(now, -days * DAY)) {
      throw refused(`Metrics are kept for ${days} days; the timeframe must not begin before that.`);
    }
  }

  spanOf(asked: Timeframe): Span {
    const now = this.clock.now();
    const from = asked.from ?? later(now, -asked.hours * HOUR);
    // What is counted by minutes is not kept for so long.
    const whole = from < later(now, -MINUTES_KEPT_DAYS * DAY) ? 60 : 1;
    const end = asked.from ? ceilTo(asked.until, whole) : now;
    if (end >= now) return { from: ceilTo(from, whole), until: now, countedUntil: tomorrow(now) };
    return { from: floorTo(from, whole), until: end, countedUntil: end };
  }
}

function tomorrow(now: Date): Date {
  return later(floorTo(now, 1440), DAY);
}

function refused(message: string): ServiceError {
  return new ServiceError("BAD_USER_INPUT", message);
}
