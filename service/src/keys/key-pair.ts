import { constants, createPrivateKey, generateKeyPair, privateDecrypt } from "node:crypto";
import { promisify } from "node:util";

/** What clients must encrypt with: RSA-OAEP with SHA-256, also as the hash of MGF1. */
export const ALGORITHM = "RSA-OAEP-256";

const generate = promisify(generateKeyPair);

/** A fresh pair; the caller wipes the private key. */
export async function makeKeyPair(
  bits: number,
): Promise<{ publicKey: string; privateKey: Buffer }> {
  return generate("rsa", {
    modulusLength: bits,
    publicExponent: 0x10001,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
}

/**
 * Decrypts under a private key, and wipes that.
 *
 * @returns undefined for whatever could be wrong: no difference must be seen from outside.
 */
export function decryptAndWipe(privateKey: Buffer, ciphertext: Uint8Array): Buffer | undefined {
  try {
    const key = createPrivateKey({ key: privateKey, format: "der", type: "pkcs8" });
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    return privateDecrypt({ key, padding, oaepHash: "sha256" }, ciphertext);
  } catch {
    return undefined;
  } finally {
    privateKey.fill(0);
  }
}
