import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { DAY, later } from "../common/durations.js";
import { sortableId } from "../common/sortable-id.js";
import { Config } from "../config/config.js";
import { Sealer } from "../envelope/sealer.js";
import { Measure } from "../metrics/measure.js";
import { keyContext, type ClientKey, type UnsignedClientKey } from "./client-key.js";
import { ALGORITHM, makeKeyPair } from "./key-pair.js";

/** Makes keys, and seals their private halves; nothing is stored. */
@Injectable()
export class KeyMaker {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly sealer: Sealer,
    private readonly measure: Measure,
  ) {}

  async make(userId: string, deviceId: string): Promise<UnsignedClientKey> {
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
}
