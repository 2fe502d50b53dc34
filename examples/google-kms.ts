// A keyring whose data keys Google Cloud KMS wraps, through its own client.
//
//   node examples/google-kms.ts projects/P/locations/europe-west1/keyRings/R/cryptoKeys/K
import { pathToFileURL } from "node:url";
import { KeyManagementServiceClient } from "@google-cloud/kms";
import { CustomKeyring, Envelope } from "kms-envelope";

/** The gRPC status codes after which another attempt may succeed. */
const MAY_PASS = new Set([4, 8, 13, 14]);

/**
 * Returns a keyring of a key of Google Cloud KMS.
 *
 * @param client makes the calls; it has the credentials, and retries.
 * @param name the resource name of a symmetric CryptoKey.
 */
export function googleKmsKeyring(client: KeyManagementServiceClient, name: string): CustomKeyring {
  return new CustomKeyring({
    providerId: "google-cloud-kms",

    async wrapDataKey({ dataKey, encryptionContext }) {
      const additionalAuthenticatedData = serialize(encryptionContext);
      const request = {
        name,
        plaintext: dataKey,
        plaintextCrc32c: { value: crc32c(dataKey) },
        additionalAuthenticatedData,
        additionalAuthenticatedDataCrc32c: { value: crc32c(additionalAuthenticatedData) },
      };
      const [answer] = await client.encrypt(request).catch(explain);
      const ciphertext = Buffer.from(answer.ciphertext ?? "");
      const seen =
        answer.verifiedPlaintextCrc32c && answer.verifiedAdditionalAuthenticatedDataCrc32c;
      if (!seen) throw changedOnTheWay();
      checkCrc32c(ciphertext, answer.ciphertextCrc32c);
      return { ciphertext, keyName: name };
    },

    async unwrapDataKey({ ciphertext, keyName, encryptionContext }) {
      // Never ask for a key that only the message names.
      if (keyName !== name) return undefined;
      const additionalAuthenticatedData = serialize(encryptionContext);
      const request = {
        name,
        ciphertext,
        ciphertextCrc32c: { value: crc32c(ciphertext) },
        additionalAuthenticatedData,
        additionalAuthenticatedDataCrc32c: { value: crc32c(additionalAuthenticatedData) },
      };
      const [answer] = await client.decrypt(request).catch(explain);
      const dataKey = Buffer.from(answer.plaintext ?? "");
      checkCrc32c(dataKey, answer.plaintextCrc32c);
      return dataKey;
    },
  });
}

/** Returns one form for one context, whatever the order of its pairs. */
function serialize(context: Readonly<Record<string, string>>): Buffer {
  return Buffer.from(JSON.stringify(Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function explain(error: Error & { code?: number }): never {
  throw Object.assign(error, { retryable: MAY_PASS.has(error.code ?? -1) });
}

function checkCrc32c(bytes: Buffer, told: { value?: unknown } | null | undefined): void {
  if (String(told?.value) !== String(crc32c(bytes))) throw changedOnTheWay();
}

function changedOnTheWay(): Error {
  return Object.assign(new Error("the data was changed on its way"), { retryable: true });
}

/** CRC-32C (RFC 3720, B.4), by which Google Cloud KMS checks what it was sent. */
function crc32c(bytes: Buffer): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const name = process.argv[2];
  if (name === undefined) throw new Error("usage: node examples/google-kms.ts CRYPTO_KEY");
  const keyring = googleKmsKeyring(new KeyManagementServiceClient(), name);
  const envelope = new Envelope({ keyring, cache: {} });
  const message = await envelope.encrypt("hello", { encryptionContext: { purpose: "greeting" } });
  console.log((await envelope.decrypt(message)).toString());
}
