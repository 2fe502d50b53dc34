import { Injectable } from "@nestjs/common";
import { and, asc, desc, eq, gte, sql } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { DAY, later } from "../common/durations.js";
import { Database } from "../database/database.js";
import { clientKeys } from "../database/schema/keys.js";
import { keyHours, keyUsage } from "../database/schema/metrics.js";
import { PATTERN_DAYS } from "../metrics/metrics-retention.js";
import type { DeviceUsage, UsedKey } from "./key-usage.types.js";

const MOST_KEYS = 200;

/** How keys are used, and by which device when; counted within about a second. */
@Injectable()
export class KeyUsage {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
  ) {}

  /** The keys of a user, or of one device of theirs: the latest first, at most 200. */
  async keysOf(userId: string, deviceId?: string): Promise<UsedKey[]> {
    const ofDevice = deviceId === undefined ? undefined : eq(clientKeys.deviceId, deviceId);
    return this.database.metrics
      .select({
        keyId: clientKeys.id,
        deviceId: clientKeys.deviceId,
        state: clientKeys.state,
        createdAt: clientKeys.createdAt,
        expiresAt: clientKeys.expiresAt,
        usageCount: sql<number>`coalesce(${keyUsage.usageCount}, 0)::float8`,
        failureCount: sql<number>`coalesce(${keyUsage.failureCount}, 0)::float8`,
        lastUsed: keyUsage.lastUsed,
      })
      .from(clientKeys)
      .leftJoin(keyUsage, eq(keyUsage.keyId, clientKeys.id))
      .where(and(eq(clientKeys.userId, userId), ofDevice))
      .orderBy(desc(clientKeys.id))
      .limit(MOST_KEYS);
  }

  /** How a device used all its keys, and in which hours of the last week. */
  async ofDevice(deviceId: string): Promise<DeviceUsage> {
    const orm = this.database.metrics;
    const [total] = await orm
      .select({
        keys: sql<number>`count(*)::int`,
        usageCount: sql<number>`coalesce(sum(${keyUsage.usageCount}), 0)::float8`,
        failureCount: sql<number>`coalesce(sum(${keyUsage.failureCount}), 0)::float8`,
        lastUsed: sql<Date | null>`max(${keyUsage.lastUsed})`.mapWith(keyUsage.lastUsed),
      })
      .from(keyUsage)
      .where(eq(keyUsage.deviceId, deviceId));
    const hours = await orm
      .select({
        from: keyHours.at,
        usageCount: sql<number>`sum(${keyHours.usageCount})::int`,
        failureCount: sql<number>`sum(${keyHours.failureCount})::int`,
      })
      .from(keyHours)
      .where(and(eq(keyHours.deviceId, deviceId), gte(keyHours.at, this.patternsFrom())))
      .groupBy(keyHours.at)
      .orderBy(asc(keyHours.at));
    return { deviceId, ...total!, hours };
  }

  private patternsFrom(): Date {
    return later(this.clock.now(), -PATTERN_DAYS * DAY);
  }
}
