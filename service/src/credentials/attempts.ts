import { Injectable } from "@nestjs/common";
import { HOUR, later, SECOND, secondsUntil } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import type { LockedCredential } from "./credential-store.js";

/** An attempt that counts as failed until it is known that it did not. */
export interface CountedAttempt {
  readonly at: Date;
  /** How long the next one has to wait if this one fails. */
  readonly retryAfterSeconds?: number;
  /** Failures since the last success, and the last of them, before this attempt. */
  readonly failedBefore: number;
  readonly lastFailedAt?: Date;
}

/**
 * How failures slow a guesser down: in a row some are free, then there is a growing delay, then a
 * lock. Within a window all failures count, also those with a success between them.
 */
@Injectable()
export class Attempts {
  constructor(private readonly config: Config) {}

  /** @throws {ServiceError} `CREDENTIAL_LOCKED`, with the time to try again. */
  check({ row, now }: LockedCredential): void {
    if (!row?.notBefore || now >= row.notBefore) return;
    const retryAfterSeconds = secondsUntil(row.notBefore, now);
    const message = "Too many failures; try again later.";
    throw new ServiceError("CREDENTIAL_LOCKED", message, { retryAfterSeconds });
  }

  /**
   * Counts an attempt as failed, before it is known how it ends: attempts at the same time must
   * not all see the count of before.
   */
  async count(credential: LockedCredential): Promise<CountedAttempt> {
    const { row, now } = credential;
    const failedBefore = row?.failures ?? 0;
    const before = row?.recentFailures ?? [];
    const recentFailures = [...before, now.getTime()].slice(
      -this.config.CREDENTIAL_WINDOW_FAILURES,
    );
    const notBefore = later(now, this.delayAfter(failedBefore + 1));
    const unlocked = this.windowLock(recentFailures, now);
    const until = unlocked && unlocked > notBefore ? unlocked : notBefore;
    await credential.write({
      failures: failedBefore + 1,
      recentFailures,
      notBefore: until > now ? until : null,
    });
    return {
      at: now,
      retryAfterSeconds: until > now ? secondsUntil(until, now) : undefined,
      failedBefore,
      lastFailedAt: failedBefore > 0 ? new Date(before.at(-1) ?? row!.updatedAt) : undefined,
    };
  }

  /** What a success leaves of the counts: the failures in the window, without this attempt. */
  afterSuccess({ row, now }: LockedCredential, { at }: CountedAttempt) {
    const recentFailures = [...(row?.recentFailures ?? [])];
    const thisAttempt = recentFailures.lastIndexOf(at.getTime());
    if (thisAttempt >= 0) recentFailures.splice(thisAttempt, 1);
    const notBefore = this.windowLock(recentFailures, now) ?? null;
    return { failures: 0, recentFailures, notBefore };
  }

  private delayAfter(failures: number): number {
    const { CREDENTIAL_FREE_ATTEMPTS, CREDENTIAL_LOCK_AFTER, CREDENTIAL_LOCK_HOURS } = this.config;
    const longest = CREDENTIAL_LOCK_HOURS * HOUR;
    if (failures >= CREDENTIAL_LOCK_AFTER) return longest;
    if (failures <= CREDENTIAL_FREE_ATTEMPTS) return 0;
    return Math.min(SECOND * 2 ** (failures - CREDENTIAL_FREE_ATTEMPTS - 1), longest);
  }

  /** Until when the window is full: until the oldest of its failures has left it. */
  private windowLock(failures: readonly number[], now: Date): Date | undefined {
    const { CREDENTIAL_WINDOW_FAILURES: most, CREDENTIAL_WINDOW_HOURS: hours } = this.config;
    const oldest = failures.at(-most);
    if (oldest === undefined || failures.length < most) return undefined;
    const until = later(new Date(oldest), hours * HOUR);
    return until > now ? until : undefined;
  }
}
