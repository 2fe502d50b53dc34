import { Injectable } from "@nestjs/common";
import type { Caller } from "../auth/caller.js";
import { Clock } from "../common/clock.js";
import { SECOND } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { Database } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import type { ClientKey, UnsignedClientKey } from "./client-key.js";
import { Devices, type DeviceClaim } from "./devices.js";
import { Generations } from "./generations.js";
import { KeyMaker } from "./key-maker.js";
import { KeyStore } from "./key-store.js";

/** How long to wait for a key that another request makes; clients wait for 10 seconds. */
const WAITING_TIME = 8 * SECOND;

type IssuedKey = Pick<ClientKey, "id" | "publicKey" | "expiresAt" | "algorithm">;

/**
 * Gives devices their keys. A key is first counted, then made, then published: the two ends are
 * short transactions, and no connection waits while a key is made and the key service asked.
 */
@Injectable()
export class KeyIssuer {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly devices: Devices,
    private readonly generations: Generations,
    private readonly maker: KeyMaker,
    private readonly store: KeyStore,
  ) {}

  /** The device's key, made if there is none. However many ask at once, one is made. */
  async generate(caller: Caller, deviceId: string, appVersion: string): Promise<IssuedKey> {
    const deadline = performance.now() + WAITING_TIME;
    for (let pause = 20; performance.now() < deadline; pause = Math.min(pause * 2, 500)) {
      const key = await this.store.activeOf(deviceId, this.clock.now());
      if (key?.userId === caller.userId) return key;
      const begun = await this.begin(caller, { deviceId, userId: caller.userId, appVersion }, true);
      if (begun.key) return begun.key;
      if (begun.id) return this.finish(begun.id, caller.userId, deviceId);
      await this.generations.untilMade(deviceId, pause, deadline);
    }
    throw new ServiceError("KMS_UNAVAILABLE", "The key takes too long; try again.", {
      retryAfterSeconds: 5,
    });
  }

  /** Another key for the device; the one before it decrypts on. */
  async rotate(caller: Caller, deviceId: string, appVersion: string): Promise<IssuedKey> {
    const begun = await this.begin(caller, { deviceId, userId: caller.userId, appVersion }, false);
    return this.finish(begun.id!, caller.userId, deviceId);
  }

  /** Counts a key that is to be made; or finds that one is there, or being made. */
  private async begin(
    caller: Caller,
    claim: DeviceClaim,
    reuse: boolean,
  ): Promise<{ id?: string; key?: IssuedKey }> {
    const { deviceId, userId } = claim;
    const address = await this.generations.codeOf(caller.address);
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${deviceId}`, `user:${userId}`]);
      const now = this.clock.now();
      await this.devices.claim(transaction, claim, now);
      await this.generations.takeOver(transaction, deviceId, now);
      if (reuse) {
        const key = await this.store.activeOf(deviceId, now, transaction);
        // It may be of who had the device before, and was made meanwhile.
        if (key?.userId === userId) return { key };
        if (await this.generations.isUnderWay(transaction, deviceId, now)) return {};
      }
      const generation = { deviceId, userId, address };
      return { id: await this.generations.begin(transaction, generation, now) };
    });
  }

  private finish(generationId: string, userId: string, deviceId: string): Promise<IssuedKey> {
    return this.generations.keepAlive(generationId, async () => {
      const key = await this.maker.make(userId, deviceId);
      await this.publish(generationId, key);
      return key;
    });
  }

  private async publish(generationId: string, key: UnsignedClientKey): Promise<void> {
    await this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${key.deviceId}`]);
      const now = this.clock.now();
      await this.generations.end(transaction, generationId, key.id);
      await this.store.publish(transaction, key, now);
    });
  }
}
