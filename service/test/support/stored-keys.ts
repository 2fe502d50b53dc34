import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Envelope, inspect } from "kms-envelope";
import { Clock } from "../../src/common/clock.js";
import { DAY, later } from "../../src/common/durations.js";
import { sortableId } from "../../src/common/sortable-id.js";
import type { Config } from "../../src/config/config.js";
import type { Database } from "../../src/database/database.js";
import { clientKeys, devices, serviceSecrets } from "../../src/database/schema/keys.js";
import { Integrity } from "../../src/envelope/integrity.js";
import { envelopeOptions } from "../../src/envelope/keyrings.js";
import { Sealer } from "../../src/envelope/sealer.js";
import { ServiceSecrets } from "../../src/envelope/service-secrets.js";
import { keyCode, keyContext } from "../../src/keys/client-key.js";
import { deviceCode } from "../../src/keys/device.js";
import { makeFirstSeals } from "../../src/tampering/first-seals.js";
import { UserSeals } from "../../src/tampering/user-seals.js";
import type { DeviceKey } from "./device.js";

/** Many keys of one device of a user, that decrypt alone since some time, as if it had rotated so often. */
export async function storeKeys(
  database: Database,
  config: Config,
  userId: string,
  count: number,
  retiredAt = new Date(),
): Promise<DeviceKey[]> {
  const clock = new Clock();
  const options = envelopeOptions(config);
  const sealing = new Envelope(options.sealing);
  const opening = options.opening ? new Envelope(options.opening) : sealing;
  const sealer = new Sealer(config, sealing, opening);
  const secrets = new ServiceSecrets(database, sealer, clock);
  const integrity = new Integrity(secrets);
  // As when the service starts: in a transaction it would wait for itself.
  await secrets.ring("integrity");
  // One pair for all: what matters is that their messages differ.
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "der" },
  });
  const now = retiredAt;
  const deviceId = randomUUID();
  const device = {
    id: deviceId,
    userId,
    appVersion: "1.0.0",
    createdAt: now,
    revokedAt: null,
    releasedAt: null,
  };
  await makeFirstSeals(database, integrity);
  await database.orm.transaction(async (transaction) => {
    const mac = await deviceCode(integrity, device);
    await transaction.insert(devices).values({ ...device, mac });
    const more = ({ members }: { members: number }) => ({ members: members + 1 });
    await new UserSeals(integrity).change(transaction, userId, more);
  });
  const keys: DeviceKey[] = [];
  for (let i = 0; i < count; i++) {
    const ids = { id: sortableId(now), deviceId, userId };
    const key = {
      ...ids,
      algorithm: "RSA-OAEP-256",
      bits: 2048,
      publicKey: pair.publicKey,
      privateKey: await sealer.seal(pair.privateKey, keyContext(ids)),
      state: "decrypt-only" as const,
      createdAt: now,
      expiresAt: later(now, DAY),
      retiredAt: now,
      destroyedAt: null,
    };
    await database.orm.insert(clientKeys).values({ ...key, mac: await keyCode(integrity, key) });
    keys.push({
      keyId: key.id,
      publicKey: key.publicKey,
      expiresAt: key.expiresAt.toISOString(),
      algorithm: key.algorithm,
    });
  }
  return keys;
}

/** How many stored messages are under each key, by the key's name in their headers. */
export async function countByKey({ orm }: Database): Promise<Record<string, number>> {
  const secrets = await orm.select().from(serviceSecrets);
  const keys = await orm.select().from(clientKeys);
  const messages = [
    ...secrets.map(({ message }) => message),
    ...keys.flatMap(({ privateKey }) => privateKey ?? []),
  ];
  const counts: Record<string, number> = {};
  for (const message of messages) {
    const name = inspect(message)
      .encryptedDataKeys.map(({ keyName }) => keyName)
      .join();
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
