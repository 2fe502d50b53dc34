import { createHash } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { Clock } from "../common/clock.js";
import { ServiceError } from "../common/service-error.js";
import { PayloadReader } from "../payloads/payload-reader.js";
import { usePayload } from "../payloads/used-payloads.js";
import { Database } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import type { ClientKey } from "../keys/client-key.js";
import { KeyStore } from "../keys/key-store.js";
import {
  invalidPayload,
  PayloadDecryptor,
  type EncryptedPayload,
} from "../payloads/payload-decryptor.js";
import { DataStore } from "./data-store.js";
import { decryptDataAndWipe, encryptAnswer, encryptData, isCompactJwe } from "./data-payload.js";

/** Data as it was encrypted by a device, and under which key. */
export interface EncryptedData {
  readonly keyId: string;
  readonly data: string;
}

/** Decrypts data of devices, keeps it, and gives it back under the key that a device has by then. */
@Injectable()
export class DataService {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly payloads: PayloadReader,
    private readonly decryptor: PayloadDecryptor,
    private readonly keys: KeyStore,
    private readonly store: DataStore,
  ) {}

  /** The data under the key that came in the payload, so that nobody reads it on its way. */
  async decrypt(
    userId: string,
    { keyId, data }: EncryptedData,
    proof: EncryptedPayload,
  ): Promise<string> {
    const request = await this.payloads.read(userId, proof, { operation: "decryptData" });
    const answerKey = Buffer.from(request.secret, "base64");
    if (answerKey.length !== 32) throw invalidPayload();
    const { plaintext } = await this.open(userId, keyId, data);
    await this.database.orm.transaction((orm) => usePayload(orm, proof.keyId, request));
    return wipeAfter(plaintext, () => encryptAnswer(plaintext, answerKey, data));
  }

  /** The same data under the key that the device has now. */
  async reencrypt(userId: string, { keyId, data }: EncryptedData): Promise<EncryptedData> {
    const { key, plaintext } = await this.open(userId, keyId, data);
    return wipeAfter(plaintext, () => this.forDevice(userId, key.deviceId, plaintext));
  }

  async keep(
    userId: string,
    name: string,
    { keyId, data }: EncryptedData,
    proof: EncryptedPayload,
  ): Promise<Date> {
    const request = await this.payloads.read(userId, proof, { operation: "storeData" });
    // Otherwise a recorded request with other data, or for another name, could follow.
    if (request.secret !== digestOf(name, data)) throw invalidPayload();
    const { plaintext } = await this.open(userId, keyId, data);
    const storedAt = this.clock.now();
    const sealed = await wipeAfter(plaintext, () =>
      this.store.seal(userId, name, plaintext, storedAt),
    );
    await this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`data:${userId}`]);
      await usePayload(transaction, proof.keyId, request);
      await this.store.put(transaction, { ...sealed, userId, name, storedAt });
    });
    return storedAt;
  }

  /** What was stored, under the key that the device has now. */
  async load(userId: string, deviceId: string, name: string) {
    const { data: plaintext, storedAt } = await this.store.get(userId, name);
    const data = await wipeAfter(plaintext, () => this.forDevice(userId, deviceId, plaintext));
    return { ...data, storedAt };
  }

  remove(userId: string, name: string): Promise<boolean> {
    return this.store.remove(userId, name);
  }

  private async forDevice(
    userId: string,
    deviceId: string,
    plaintext: Uint8Array,
  ): Promise<EncryptedData> {
    const key = await this.keys.activeOf(deviceId, this.clock.now());
    if (!key || key.userId !== userId) {
      throw new ServiceError(
        "KEY_NOT_FOUND",
        "The device has no key to encrypt with; ask for one.",
      );
    }
    return { keyId: key.id, data: await encryptData(plaintext, key) };
  }

  private open(
    userId: string,
    keyId: string,
    data: string,
  ): Promise<{ key: ClientKey; plaintext: Uint8Array }> {
    return this.decryptor.withKey(
      userId,
      { keyId, ciphertext: data },
      async (key, openPrivateKey) => {
        if (!isCompactJwe(data)) throw invalidPayload();
        const plaintext = await decryptDataAndWipe(await openPrivateKey(), keyId, data);
        if (!plaintext) throw invalidPayload();
        return { key, plaintext };
      },
    );
  }
}

/** What the payload that goes along with data to be stored has as its secret. */
function digestOf(name: string, data: string): string {
  return createHash("sha256").update(`${name}\n${data}`).digest("base64url");
}

async function wipeAfter<Result>(
  plaintext: Uint8Array,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    plaintext.fill(0);
  }
}
