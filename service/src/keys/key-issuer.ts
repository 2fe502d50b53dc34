import { setTimeout as delay } from "node:timers/promises";
import { Injectable } from "@nestjs/common";
import { and, eq, isNull } from "drizzle-orm";
import type { Caller } from "../auth/caller.js";
import { Clock } from "../common/clock.js";
import { DAY, later, SECOND } from "../common/durations.js";
import { ServiceError } from "../common/service-error.js";
import { sortableId } from "../common/sortable-id.js";
import { Config } from "../config/config.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { keyGenerations } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";
import { Sealer } from "../envelope/sealer.js";
import { addressGroup } from "../limits/client-address.js";
import {
  GenerationLimits,
  isBeingMade,
  isLeft,
  LEASE_MS,
  MAKING_TIME,
  type Generation,
} from "../limits/generation-limits.js";
import { Measure } from "../metrics/measure.js";
import { keyContext, type ClientKey, type UnsignedClientKey } from "./client-key.js";
import { Devices, type DeviceClaim } from "./devices.js";
import { KeyStore } from "./key-store.js";
import { ALGORITHM, makeKeyPair } from "./key-pair.js";

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
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly sealer: Sealer,
    private readonly limits: GenerationLimits,
    private readonly devices: Devices,
    private readonly store: KeyStore,
    private readonly measure: Measure,
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
      await this.untilMade(deviceId, pause, deadline);
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
    const address = await this.integrity.code("address", [addressGroup(caller.address)]);
    const generation: Generation = { deviceId, userId, address };
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${deviceId}`, `user:${userId}`]);
      const now = this.clock.now();
      await this.devices.claim(transaction, claim, now);
      // What an instance that died began is taken over; if it was only slow, it publishes nothing.
      await transaction
        .delete(keyGenerations)
        .where(and(eq(keyGenerations.deviceId, deviceId), isLeft(now)));
      if (reuse) {
        const key = await this.store.activeOf(deviceId, now, transaction);
        // It may be of who had the device before, and was made meanwhile.
        if (key?.userId === userId) return { key };
        if (await this.isBeingMade(transaction, deviceId, now)) return {};
      }
      // Last, and always after the others: many devices share an address, and wait for each other.
      await lockNames(transaction, [`address:${address}`]);
      return { id: await this.limits.take(transaction, generation, now) };
    });
  }

  private async isBeingMade(
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

  private async untilMade(deviceId: string, pause: number, deadline: number): Promise<void> {
    do await delay(pause);
    while (
      performance.now() < deadline &&
      (await this.isBeingMade(this.database.orm, deviceId, this.clock.now()))
    );
  }

  private async finish(generationId: string, userId: string, deviceId: string): Promise<IssuedKey> {
    const sign = setInterval(() => void this.signOfLife(generationId), LEASE_MS / 4);
    try {
      const key = await this.make(userId, deviceId);
      await this.publish(generationId, key);
      return key;
    } catch (error) {
      // What was not made is not counted.
      await this.giveUp(generationId, later(this.clock.now(), MAKING_TIME));
      throw error;
    } finally {
      clearInterval(sign);
    }
  }

  private async signOfLife(generationId: string): Promise<void> {
    await this.database.orm
      .update(keyGenerations)
      .set({ aliveUntil: later(this.clock.now(), LEASE_MS) })
      .where(and(eq(keyGenerations.id, generationId), isNull(keyGenerations.keyId)))
      .catch(() => {});
  }

  /** Tried again until it would lapse by itself: others who ask for this device wait for it. */
  private async giveUp(generationId: string, until: Date): Promise<void> {
    try {
      await this.database.orm
        .delete(keyGenerations)
        .where(and(eq(keyGenerations.id, generationId), isNull(keyGenerations.keyId)));
    } catch {
      if (this.clock.now() >= until) return;
      setTimeout(() => void this.giveUp(generationId, until), 500).unref();
    }
  }

  private async make(userId: string, deviceId: string): Promise<UnsignedClientKey> {
    const bits = this.config.RSA_KEY_BITS;
    const pair = await makeKeyPair(bits);
    try {
      const createdAt = this.clock.now();
      const id = sortableId(createdAt);
      return {
        id,
        deviceId,
        userId,
        algorithm: ALGORITHM,
        bits,
        publicKey: pair.publicKey,
        privateKey: await this.seal(pair.privateKey, { id, deviceId, userId }),
        state: "active",
        createdAt,
        expiresAt: later(createdAt, this.config.KEY_ACTIVE_DAYS * DAY),
        retiredAt: null,
        destroyedAt: null,
      };
    } finally {
      pair.privateKey.fill(0);
    }
  }

  private seal(
    privateKey: Buffer,
    ids: Pick<ClientKey, "id" | "deviceId" | "userId">,
  ): Promise<Buffer> {
    const { id: keyId, deviceId, userId } = ids;
    return this.measure.run({ operation: "encrypt", keyId, deviceId, userId }, () =>
      this.sealer.seal(privateKey, keyContext(ids)),
    );
  }

  private async publish(generationId: string, key: UnsignedClientKey): Promise<void> {
    await this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`device:${key.deviceId}`]);
      const now = this.clock.now();
      const finished = await transaction
        .update(keyGenerations)
        .set({ keyId: key.id })
        .where(and(eq(keyGenerations.id, generationId), isNull(keyGenerations.keyId)))
        .returning({ id: keyGenerations.id });
      if (finished.length === 0) {
        throw new ServiceError("KMS_UNAVAILABLE", "The key took too long; try again.", {
          retryAfterSeconds: 1,
        });
      }
      await this.store.publish(transaction, key, now);
    });
  }
}
