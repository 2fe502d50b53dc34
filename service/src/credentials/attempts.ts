import { Inject, Injectable } from "@nestjs/common";
import { HOUR, later, SECOND, secondsUntil } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import type { LockedCredential } from "./credential-store.js";

/** How failures slow a guesser down: some are free, then a growing delay, then a lock. */
@Injectable()
export class Attempts {
  constructor(@Inject(Config) private readonly config: Config) {}

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
   *
   * @returns how long the next one has to wait if this one fails.
   */
  async count(credential: LockedCredential): Promise<number | undefined> {
    const failures = (credential.row?.failures ?? 0) + 1;
    const delay = this.delayAfter(failures);
    const notBefore = delay > 0 ? later(credential.now, delay) : null;
    await credential.write({ failures, notBefore });
    return notBefore ? secondsUntil(notBefore, credential.now) : undefined;
  }

  private delayAfter(failures: number): number {
    const { CREDENTIAL_FREE_ATTEMPTS, CREDENTIAL_LOCK_AFTER, CREDENTIAL_LOCK_HOURS } = this.config;
    const longest = CREDENTIAL_LOCK_HOURS * HOUR;
    if (failures >= CREDENTIAL_LOCK_AFTER) return longest;
    if (failures <= CREDENTIAL_FREE_ATTEMPTS) return 0;
    return Math.min(SECOND * 2 ** (failures - CREDENTIAL_FREE_ATTEMPTS - 1), longest);
  }
}
