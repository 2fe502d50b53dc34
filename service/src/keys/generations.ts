import { setTimeout as delay } from "node:timers/promises";
import { Injectable } from "@nestjs/common";
import { and, eq, isNull } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { later } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { keyGenerations } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import { addressGroup } from "../limits/client-address.js";
import {
  GenerationLimits,
  isBeingMade,
  isLeft,
  LEASE_MS,
  MAKING_TIME,
  type Generation,
} from "../limits/generation-limits.js";

/** The keys that are being made, each counted before: whoever makes one says so, again and again. */
@Injectable()
export class Generations {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly limits: GenerationLimits,
  ) {}

  /** What stands for an address, which itself is not stored. */
  codeOf(address: string): Promise<string> {
    return this.integrity.code("address", [addressGroup(address)]);
  }

  /** Forgets what an instance that died began; if it was only slow, it publishes nothing. */
  async takeOver(transaction: Transaction, deviceId: string, now: Date): Promise<void> {
    await transaction
      .delete(keyGenerations)
      .where(and(eq(keyGenerations.deviceId, deviceId), isLeft(now)));
  }

  async isUnderWay(
    at: Transaction | Database["orm"],
    deviceId: string,
    now: Date,
  ): Promise<boolean> {
    const [row] = await at
      .select({ id: keyGenerations.id })
      .from(keyGenerations)
      .where(and(eq(keyGenerations.deviceId, deviceId), isBeingMade(now)))
      .limit(1);
    return row !== undefined;
  }

  async untilMade(deviceId: string, pause: number, deadline: number): Promise<void> {
    do await delay(pause);
    while (
      performance.now() < deadline &&
      (await this.isUnderWay(this.database.orm, deviceId, this.clock.now()))
    );
  }

  /**
   * Counts one more, in a transaction that holds the locks of its device and user.
   *
   * @returns its id.
   * @throws {ServiceError} `KEY_LIMIT_REACHED`.
   */
  async begin(transaction: Transaction, generation: Generation, now: Date): Promise<string> {
    // Last, and always after the others: many devices share an address, and wait for each other.
    await lockNames(transaction, [`address:${generation.address}`]);
    return this.limits.take(transaction, generation, now);
  }

  /** Gives signs of life while the key is made. What was not made is not counted. */
  async keepAlive<Result>(id: string, make: () => Promise<Result>): Promise<Result> {
    const sign = setInterval(() => void this.signOfLife(id), LEASE_MS / 4);
    try {
      return await make();
    } catch (error) {
      await this.giveUp(id, later(this.clock.now(), MAKING_TIME));
      throw error;
    } finally {
      clearInterval(sign);
    }
  }

  /** @throws {ServiceError} `KMS_UNAVAILABLE` where somebody else has taken it over. */
  async end(transaction: Transaction, id: string, keyId: string): Promise<void> {
    const finished = await transaction
      .update(keyGenerations)
      .set({ keyId })
      .where(isUnfinished(id))
      .returning({ id: keyGenerations.id });
    if (finished.length > 0) return;
    throw new ServiceError("KMS_UNAVAILABLE", "The key took too long; try again.", {
      retryAfterSeconds: 1,
    });
  }

  private async signOfLife(id: string): Promise<void> {
    await this.database.orm
      .update(keyGenerations)
      .set({ aliveUntil: later(this.clock.now(), LEASE_MS) })
      .where(isUnfinished(id))
      .catch(() => {});
  }

  /** Tried again until it would lapse by itself: others who ask for this device wait for it. */
  private async giveUp(id: string, until: Date): Promise<void> {
    try {
      await this.database.orm.delete(keyGenerations).where(isUnfinished(id));
    } catch {
      if (this.clock.now() >= until) return;
      setTimeout(() => void this.giveUp(id, until), 500).unref();
    }
  }
}

function isUnfinished(id: string) {
  return and(eq(keyGenerations.id, id), isNull(keyGenerations.keyId));
}
