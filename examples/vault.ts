// A keyring whose data keys the Transit engine of HashiCorp Vault, or of OpenBao, wraps.
//
//   VAULT_ADDR=https://vault.example.com:8200 VAULT_TOKEN=... node examples/vault.ts app
//
// The key must be of a type that authenticates additional data, such as the default, aes256-gcm96.
import { pathToFileURL } from "node:url";
import vault, { type client as VaultClient } from "node-vault";
import { CustomKeyring, Envelope } from "kms-envelope";

/**
 * Returns a keyring of a key in the Transit engine.
 *
 * @param client makes the calls, at the address and with the token that it has.
 * @param key the name of the key in the Transit engine.
 * @param mount where the engine is mounted.
 */
export function vaultKeyring(client: VaultClient, key: string, mount = "transit"): CustomKeyring {
  const name = `${mount}/${key}`;
  return new CustomKeyring({
    providerId: "vault-transit",

    async wrapDataKey({ dataKey, encryptionContext }) {
      const plaintext = dataKey.toString("base64");
      const request = { plaintext, associated_data: serialize(encryptionContext) };
      const answer = await client.write(`${mount}/encrypt/${key}`, request).catch(explain);
      return { ciphertext: Buffer.from(String(answer.data.ciphertext)), keyName: name };
    },

    async unwrapDataKey({ ciphertext, keyName, encryptionContext }) {
      // Never ask for a key that only the message names.
      if (keyName !== name) return undefined;
      const request = {
        ciphertext: ciphertext.toString(),
        associated_data: serialize(encryptionContext),
      };
      const answer = await client.write(`${mount}/decrypt/${key}`, request).catch(explain);
      return Buffer.from(String(answer.data.plaintext), "base64");
    },
  });
}

/** Returns one form for one context, whatever the order of its pairs. */
function serialize(context: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.from(JSON.stringify(pairs)).toString("base64");
}

/** Throws the error, and says whether another attempt may succeed: not after a refusal (4xx, but for 429). */
function explain(error: Error & { response?: { statusCode?: number } }): never {
  const status = error.response?.statusCode ?? 503;
  // The client's error holds the request, and with it the data key.
  throw Object.assign(new Error(error.message), { retryable: status === 429 || status >= 500 });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const key = process.argv[2];
  if (key === undefined) throw new Error("usage: node examples/vault.ts KEY");
  const keyring = vaultKeyring(vault(), key);
  const writer = new Envelope({ keyring, cache: {} });
  const message = await writer.encrypt("hello", { encryptionContext: { purpose: "greeting" } });
  // In an application this is another process: the writer's cache has the data key already.
  const reader = new Envelope({ keyring, cache: {} });
  console.log((await reader.decrypt(message)).toString());
}
