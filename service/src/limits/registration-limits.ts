import { Injectable } from "@nestjs/common";
import { and, desc, eq, gt } from "drizzle-orm";
import { HOUR, later, secondsUntil } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Config } from "../config/config.js";
import type { Transaction } from "../database/database.js";
import { deviceRegistrations } from "../database/schema/keys.js";

/** Who registers a device, and the id that it gets. */
export interface Registration {
  readonly deviceId: string;
  readonly userId: string;
}

/** How many devices a user may register within a sliding window, also if they were given away since. */
@Injectable()
export class RegistrationLimits {
  constructor(private readonly config: Config) {}

  /**
   * Counts one more, in a transaction that holds the user's lock.
   *
   * @throws {ServiceError} `DEVICE_LIMIT_REACHED`, with the time to try again.
   */
  async take(
    transaction: Transaction,
    { deviceId, userId }: Registration,
    now: Date,
  ): Promise<void> {
    const window = this.config.LIMIT_WINDOW_HOURS * HOUR;
    const { userId: user, registeredAt } = deviceRegistrations;
    // The limit is reached if there is a most-th newest; once that leaves the window it is not.
    const [blocking] = await transaction
      .select({ registeredAt })
      .from(deviceRegistrations)
      .where(and(eq(user, userId), gt(registeredAt, later(now, -window))))
      .orderBy(desc(registeredAt))
      .offset(this.config.LIMIT_USER_DEVICES - 1)
      .limit(1);
    if (blocking) {
      const retryAfterSeconds = secondsUntil(later(blocking.registeredAt, window), now);
      const message = "You have registered too many devices; try again later.";
      throw new ServiceError("DEVICE_LIMIT_REACHED", message, { retryAfterSeconds });
    }
    await transaction
      .insert(deviceRegistrations)
      .values({ id: deviceId, userId, registeredAt: now });
  }
}
