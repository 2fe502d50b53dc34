import { createHash } from "node:crypto";
import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, importSPKI } from "jose";
import { ALGORITHM } from "../keys/key-pair.js";

/** What data is encrypted with; the device's key wraps the key of it. RFC 7516. */
const ENCRYPTION = "A256GCM";

interface PublicKey {
  readonly id: string;
  readonly publicKey: string;
}

/** Whether it has the five parts of a compact JWE, before a private key is opened for it. */
export function isCompactJwe(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+\.[\w-]*\.[\w-]+$/.test(text);
}

/** Encrypts data for a device's key. */
export async function encryptData(data: Uint8Array, { id, publicKey }: PublicKey): Promise<string> {
  const key = await importSPKI(publicKey, ALGORITHM);
  return new CompactEncrypt(data)
    .setProtectedHeader({ alg: ALGORITHM, enc: ENCRYPTION, kid: id })
    .encrypt(key);
}

/**
 * Encrypts an answer under the key that a client sent along. Its header, which that key authenticates,
 * says what it is the plaintext of: so nobody on the way can have other data decrypted instead.
 */
export function encryptAnswer(
  plaintext: Uint8Array,
  answerKey: Uint8Array,
  data: string,
): Promise<string> {
  const of = createHash("sha256").update(data).digest("base64url");
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ alg: "dir", enc: ENCRYPTION, of })
    .encrypt(answerKey);
}

/**
 * Decrypts data under a private key, and wipes that.
 *
 * @returns undefined for whatever could be wrong: no difference must be seen from outside.
 */
export async function decryptDataAndWipe(
  privateKey: Buffer,
  keyId: string,
  jwe: string,
): Promise<Uint8Array | undefined> {
  try {
    const { kid, zip } = decodeProtectedHeader(jwe);
    // What is compressed can be a bomb, and tells of its contents by its length.
    if (kid !== keyId || zip !== undefined) return undefined;
    const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
    const der = new Uint8Array(privateKey);
    const key = await crypto.subtle.importKey("pkcs8", der, algorithm, false, ["decrypt"]);
    der.fill(0);
    const { plaintext } = await compactDecrypt(jwe, key, {
      keyManagementAlgorithms: [ALGORITHM],
      contentEncryptionAlgorithms: [ENCRYPTION],
    });
    return plaintext;
  } catch {
    return undefined;
  } finally {
    privateKey.fill(0);
  }
}
