import { isOfTheService } from "./blame.js";
import { percentileOf } from "./histogram.js";
import type { OperationCounts } from "./summary.model.js";

/** Adds up what rows say of operations. */
export class Tally {
  private attempts = 0;
  private failures = 0;
  private serviceFailures = 0;
  private readonly histogram = new Map<number, number>();

  /** @param code of the error; empty for a success. */
  count(code: string, times: number): void {
    this.attempts += times;
    if (!code) return;
    this.failures += times;
    if (isOfTheService(code)) this.serviceFailures += times;
  }

  time(bucket: number, times: number): void {
    this.histogram.set(bucket, (this.histogram.get(bucket) ?? 0) + times);
  }

  counts(): OperationCounts {
    const { attempts, failures, serviceFailures } = this;
    const successes = attempts - failures;
    const share = (part: number) => (attempts > 0 ? part / attempts : null);
    return {
      attempts,
      successes,
      failures,
      serviceFailures,
      callerFailures: failures - serviceFailures,
      successRate: share(successes),
      availability: share(attempts - serviceFailures),
      durations: this.durations(),
    };
  }

  private durations() {
    const [p50Ms, p95Ms, p99Ms] = [0.5, 0.95, 0.99].map((share) =>
      percentileOf(this.histogram, share),
    );
    return p50Ms == null ? null : { p50Ms, p95Ms: p95Ms!, p99Ms: p99Ms! };
  }
}

/** A tally for each key that is asked for, made when it is first needed. */
export class Tallies {
  private readonly all = new Map<string, Tally>();

  at(key: string): Tally {
    const tally = this.all.get(key) ?? new Tally();
    this.all.set(key, tally);
    return tally;
  }

  /** Those that were asked for, by key. */
  sorted(): [string, Tally][] {
    return [...this.all].sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
