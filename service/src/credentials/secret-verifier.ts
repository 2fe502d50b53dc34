import { Injectable } from "@nestjs/common";
import type { OpenedPayload } from "../payloads/payload-reader.js";
import { usePayload } from "../payloads/used-payloads.js";
import { Attempts } from "./attempts.js";
import { unusable, type CredentialKind } from "./credential.js";
import { CredentialStore, type LockedCredential } from "./credential-store.js";
import { Hasher, type StoredHash } from "./hasher.js";

export interface Verification {
  readonly verified: boolean;
  readonly retryAfterSeconds?: number;
  /** Told to whoever knows the secret: how often it was got wrong since, and when last. */
  readonly failedAttempts?: number;
  readonly lastFailedAt?: Date;
}

/** Compares the secret of a payload with the one that is stored, and counts the attempt. */
@Injectable()
export class SecretVerifier {
  constructor(
    private readonly store: CredentialStore,
    private readonly attempts: Attempts,
    private readonly hasher: Hasher,
  ) {}

  /**
   * Uses the payload and counts the attempt in one step; then finds out how it ends.
   *
   * @returns the result, and the stored hash if the secret is right.
   * @throws {ServiceError} `CREDENTIAL_LOCKED`, `CREDENTIAL_UNUSABLE`, `PAYLOAD_REPLAYED`.
   */
  async verify(
    userId: string,
    kind: CredentialKind,
    payload: OpenedPayload,
  ): Promise<{ verification: Verification; hash: string | null }> {
    // What can fail without being the user's fault comes before the counting.
    const peppers = await this.hasher.pepperIds();
    const { stored, counted } = await this.store.withLock(userId, kind, async (credential) => {
      await credential.check();
      this.attempts.check(credential);
      await usePayload(credential.transaction, payload.keyId, payload);
      const stored = storedHash(credential);
      if (stored && !peppers.has(stored.pepperId)) throw unusable();
      return { stored, counted: await this.attempts.count(credential) };
    });
    const { retryAfterSeconds, failedBefore: failedAttempts, lastFailedAt } = counted;
    const verified = await this.hasher.verify(stored, userId, kind, payload.secret);
    if (!verified || !stored) {
      return { verification: { verified: false, retryAfterSeconds }, hash: null };
    }
    // Only now the secret is known, so that it can come under the pepper of today.
    const current = (await this.hasher.isCurrent(stored))
      ? stored
      : await this.hasher.hash(userId, kind, payload.secret);
    await this.store.withLock(userId, kind, async (credential) => {
      await credential.check();
      if (credential.row?.hash !== stored.hash) return;
      await credential.write({ ...current, ...this.attempts.afterSuccess(credential, counted) });
    });
    return { verification: { verified, failedAttempts, lastFailedAt }, hash: current.hash };
  }
}

function storedHash({ row }: LockedCredential): StoredHash | null {
  if (!row?.hash) return null;
  return { hash: row.hash, pepperId: row.pepperId ?? "" };
}
