import { Injectable } from "@nestjs/common";
import { and, desc, eq, gt, isNotNull, isNull, lte, or, type SQL } from "drizzle-orm";
import { HOUR, later, SECOND, secondsUntil } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { sortableId } from "../common/sortable-id.js";
import { Config } from "../config/config.js";
import type { Transaction } from "../database/database.js";
import { keyGenerations } from "../database/schema/keys.js";

/** No key takes longer to be made than this. */
export const MAKING_TIME = 30 * SECOND;

/** Whoever makes a key says so again and again; after this long without a word it has died. */
export const LEASE_MS = 4 * SECOND;

/** Who wants a key made. */
export interface Generation {
  readonly deviceId: string;
  readonly userId: string;
  /** A code of the address, which itself is not stored. */
  readonly address: string;
}

/** How many generations there may be of one device, user or address. */
interface Bound {
  readonly of: "device" | "user" | "address";
  /** The condition that a generation is one of them. */
  readonly rows: SQL;
  readonly most: number;
}

/** How many keys may be made within a sliding window, for a device, a user and an address. */
@Injectable()
export class GenerationLimits {
  constructor(private readonly config: Config) {}

  /**
   * Counts one more, in a transaction that holds the locks of all three.
   *
   * @returns the id to finish it by.
   * @throws {ServiceError} `KEY_LIMIT_REACHED`, with the time to try again.
   */
  async take(transaction: Transaction, generation: Generation, now: Date): Promise<string> {
    for (const bound of this.boundsOf(generation)) await this.check(transaction, bound, now);
    const id = sortableId(now);
    await transaction.insert(keyGenerations).values({
      id,
      ...generation,
      requestedAt: now,
      aliveUntil: later(now, LEASE_MS),
    });
    return id;
  }

  private boundsOf({ deviceId, userId, address }: Generation): readonly Bound[] {
    const { config } = this;
    const { deviceId: device, userId: user, address: from } = keyGenerations;
    return [
      { of: "device", rows: eq(device, deviceId), most: config.LIMIT_DEVICE_GENERATIONS },
      { of: "user", rows: eq(user, userId), most: config.LIMIT_USER_GENERATIONS },
      { of: "address", rows: eq(from, address), most: config.LIMIT_ADDRESS_GENERATIONS },
    ];
  }

  private async check(
    transaction: Transaction,
    { of: limit, rows, most }: Bound,
    now: Date,
  ): Promise<void> {
    const window = this.config.LIMIT_WINDOW_HOURS * HOUR;
    const inWindow = gt(keyGenerations.requestedAt, later(now, -window));
    // The limit is reached if there is a most-th newest; once that leaves the window it is not.
    const [blocking] = await transaction
      .select({ requestedAt: keyGenerations.requestedAt })
      .from(keyGenerations)
      .where(and(rows, inWindow, or(isNotNull(keyGenerations.keyId), isBeingMade(now))))
      .orderBy(desc(keyGenerations.requestedAt))
      .offset(most - 1)
      .limit(1);
    if (!blocking) return;
    const retryAfterSeconds = secondsUntil(later(blocking.requestedAt, window), now);
    const message = `Too many keys for this ${limit}; try again later.`;
    throw new ServiceError("KEY_LIMIT_REACHED", message, { limit, retryAfterSeconds });
  }
}

/** The condition that a generation is under way: no key there, and its maker lives. */
export function isBeingMade(now: Date) {
  return and(
    isNull(keyGenerations.keyId),
    gt(keyGenerations.requestedAt, later(now, -MAKING_TIME)),
    gt(keyGenerations.aliveUntil, now),
  );
}

/** The condition that a generation has no key, and that its maker has died. */
export function isLeft(now: Date) {
  return and(isNull(keyGenerations.keyId), lte(keyGenerations.aliveUntil, now));
}
