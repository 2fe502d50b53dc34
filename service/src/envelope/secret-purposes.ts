import {
  createPrivateKey,
  createSecretKey,
  generateKeyPair,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";

interface KindOfSecret {
  /** The bytes of a fresh one, for the caller to wipe. */
  make(): Promise<Buffer>;
  read(bytes: Buffer): KeyObject;
}

const symmetric: KindOfSecret = {
  make: async () => randomBytes(32),
  read: createSecretKey,
};

const signing: KindOfSecret = {
  async make() {
    const { privateKey } = await promisify(generateKeyPair)("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", format: "der" },
      privateKeyEncoding: { type: "pkcs8", format: "der" },
    });
    return privateKey;
  },
  read: (key) => createPrivateKey({ key, format: "der", type: "pkcs8" }),
};

/** What the service has secrets of its own for, and of which kind each is. */
export const SECRETS = {
  /** Under passcodes and PINs, before they are hashed. */
  pepper: symmetric,
  /** Makes the codes over rows. */
  integrity: symmetric,
  /** Signs receipts; others verify with its public half. */
  receipt: signing,
} as const satisfies Record<string, KindOfSecret>;

export type SecretPurpose = keyof typeof SECRETS;
