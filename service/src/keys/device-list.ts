import { Injectable } from "@nestjs/common";
import { asc, eq } from "drizzle-orm";
import { Database } from "../database/database.js";
import { devices } from "../database/schema/keys.js";
import type { Device } from "./device.js";

const MOST_LISTED = 1000;

/** Devices to look at; their codes are not checked. */
@Injectable()
export class DeviceList {
  constructor(private readonly database: Database) {}

  /** @returns undefined if nobody ever had it. */
  async find(deviceId: string): Promise<Device | undefined> {
    const [device] = await this.database.orm.select().from(devices).where(eq(devices.id, deviceId));
    return device;
  }

  /** Those of a user, the oldest first. */
  of(userId: string): Promise<Device[]> {
    return this.database.orm
      .select()
      .from(devices)
      .where(eq(devices.userId, userId))
      .orderBy(asc(devices.createdAt), asc(devices.id))
      .limit(MOST_LISTED);
  }
}
