import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { exportJWK, type JWK } from "jose";
import { Clock } from "../common/clock.js";
import { later, MINUTE, SECOND } from "../common/durations.js";
import { Config } from "../config/config.js";
import { ADOPTION_MS, ServiceSecrets } from "../envelope/service-secrets.js";
import { Log } from "../logging/log.js";

/** ECDSA on P-256 with SHA-256: what every JWT library verifies. */
export const ALGORITHM = "ES256";

/** By so much the clock of whoever verifies may be behind. */
const SKEW_MS = MINUTE;

export interface ReceiptKey {
  readonly kid: string;
  readonly key: KeyObject;
}

/** The keys that sign receipts: one signs, and the public halves of all that matter are published. */
@Injectable()
export class ReceiptKeys {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly secrets: ServiceSecrets,
    private readonly log: Log,
  ) {}

  /** The key that signs now. It was published before, for as long as answers are cached. */
  async signer(): Promise<ReceiptKey> {
    const { id, key } = await this.secrets.get("receipt");
    return { kid: kidOf(id), key };
  }

  /**
   * What receipts are verified with: the next key, the one that signs, and the former ones while a
   * receipt under them can still be good.
   */
  async published(): Promise<JWK[]> {
    const { used } = await this.sorted();
    return Promise.all(
      used.map(async ({ id, key }) => ({
        ...(await exportJWK(createPublicKey(key))),
        kid: kidOf(id),
        alg: ALGORITHM,
        use: "sig",
      })),
    );
  }

  /** Deletes the keys that no receipt is under any more. */
  async dropFormer(): Promise<void> {
    for (const { id, version } of (await this.sorted()).former) {
      await this.secrets.drop("receipt", id);
      this.log.warn({ version }, "a key of receipts is out of use, and gone");
    }
  }

  private async sorted() {
    const ring = await this.secrets.ring("receipt");
    const now = this.clock.now();
    const overlap = ADOPTION_MS + this.config.RECEIPT_SECONDS * SECOND + SKEW_MS;
    const isFormer = (_secret: unknown, place: number) => {
      const successor = ring[place - 1];
      return successor !== undefined && later(successor.createdAt, overlap) <= now;
    };
    return {
      used: ring.filter((secret, place) => !isFormer(secret, place)),
      former: ring.filter(isFormer),
    };
  }
}

/** The ids of secrets are nobody's business; these are as good to tell keys apart by. */
function kidOf(id: string): string {
  return createHash("sha256").update(`receipt:${id}`).digest("base64url").slice(0, 16);
}
