import { Injectable } from "@nestjs/common";
import type { Caller } from "../auth/caller.js";
import { ServiceError } from "../common/service-error.js";
import { Log } from "../logging/log.js";
import type { EncryptedPayload } from "../payloads/payload-decryptor.js";
import { PayloadReader, type OpenedPayload } from "../payloads/payload-reader.js";
import { usePayload } from "../payloads/used-payloads.js";
import { Receipts, type Receipt } from "../receipts/receipts.js";
import { Attempts } from "./attempts.js";
import { KINDS, unusable, type CredentialKind } from "./credential.js";
import { CredentialStore, type LockedCredential } from "./credential-store.js";
import { Hasher, type StoredHash } from "./hasher.js";
import { SecretRules } from "./secret-rules.js";

export interface Check {
  readonly verified: boolean;
  readonly retryAfterSeconds?: number;
  /** Told to whoever knows the secret: how often it was got wrong since, and when last. */
  readonly failedAttempts?: number;
  readonly lastFailedAt?: Date;
  /** Where the payload named a transaction, and the PIN is right. */
  readonly receipt?: Receipt;
}

export interface NewSecret {
  readonly keyId: string;
  readonly ciphertext: string;
  /** That of a payload with the current one, bound to `ciphertext`. */
  readonly currentCiphertext?: string;
  /** Whose it is, where an administrator sets it. */
  readonly userId?: string;
}

/** Sets and checks passcodes and PINs. */
@Injectable()
export class CredentialsService {
  constructor(
    private readonly payloads: PayloadReader,
    private readonly store: CredentialStore,
    private readonly attempts: Attempts,
    private readonly rules: SecretRules,
    private readonly hasher: Hasher,
    private readonly receipts: Receipts,
    private readonly log: Log,
  ) {}

  async verify(
    { userId }: Caller,
    kind: CredentialKind,
    encrypted: EncryptedPayload,
  ): Promise<Check> {
    const rule = { operation: KINDS[kind].verify, mayConfirm: kind === "TRANSACTION_PIN" };
    const payload = await this.payloads.read(userId, encrypted, rule);
    const { deviceId, transactionHash } = payload;
    if (transactionHash === undefined) return (await this.attempt(userId, kind, payload)).check;
    // It can fail without being the user's fault, and so comes before the counting.
    const signer = await this.receipts.signer();
    const { check } = await this.attempt(userId, kind, payload);
    if (!check.verified) return check;
    const receipt = await this.receipts.sign(signer, { userId, deviceId, transactionHash });
    return { ...check, receipt };
  }

  /** @returns when it was set. */
  async set(caller: Caller, kind: CredentialKind, secret: NewSecret): Promise<Date> {
    const byAdministrator = secret.userId !== undefined;
    if (byAdministrator && !caller.roles.has("admin")) {
      throw new ServiceError("FORBIDDEN", "Setting it for another user needs the role admin.");
    }
    const userId = secret.userId ?? caller.userId;
    const operation = KINDS[kind].set;
    const payload = await this.payloads.read(caller.userId, secret, { operation });
    this.rules.check(kind, payload.secret, userId);
    const { hash, pepperId } = await this.hasher.hash(userId, kind, payload.secret);
    const replaced = byAdministrator
      ? undefined
      : await this.proveCurrent(caller.userId, kind, secret, payload);
    const setAt = await this.store.withLock(userId, kind, async (credential) => {
      // An administrator's word also replaces what was changed in the database.
      if (!byAdministrator) {
        await credential.check();
        if ((credential.row?.hash ?? null) !== replaced) throw alreadySet();
      }
      await usePayload(credential.transaction, secret.keyId, payload);
      // Where somebody proved the current one, the failures in the window go on to count.
      const forgotten = replaced ? {} : { notBefore: null, recentFailures: [] };
      const set = { hash, pepperId, failures: 0, ...forgotten };
      await (byAdministrator ? credential.replace(set) : credential.write(set));
      return credential.now;
    });
    if (byAdministrator) {
      this.log.warn(
        { administrator: caller.userId, userId, kind },
        "an administrator set a credential",
      );
    }
    return setAt;
  }

  /** @returns the hash that may now be replaced; null if nothing is set. */
  private async proveCurrent(
    userId: string,
    kind: CredentialKind,
    { keyId, ciphertext, currentCiphertext }: NewSecret,
    payload: OpenedPayload,
  ): Promise<string | null> {
    const hash = await this.store.withLock(userId, kind, async (credential) => {
      await credential.check();
      return credential.row?.hash ?? null;
    });
    if (hash === null) return null;
    if (!currentCiphertext) throw alreadySet();
    const encrypted = { keyId, ciphertext: currentCiphertext };
    const replacement = { ciphertext, payload };
    const operation = KINDS[kind].change;
    const current = await this.payloads.readCurrent(userId, encrypted, operation, replacement);
    const attempt = await this.attempt(userId, kind, current);
    if (attempt.check.verified) return attempt.hash;
    const { retryAfterSeconds } = attempt.check;
    throw new ServiceError("WRONG_SECRET", "The current secret is wrong.", { retryAfterSeconds });
  }

  /** Uses the payload and counts the attempt in one step; then finds out how it ends. */
  private async attempt(
    userId: string,
    kind: CredentialKind,
    payload: OpenedPayload,
  ): Promise<{ check: Check; hash: string | null }> {
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
    if (!verified || !stored) return { check: { verified: false, retryAfterSeconds }, hash: null };
    // Only now the secret is known, so that it can come under the pepper of today.
    const current = (await this.hasher.isCurrent(stored))
      ? stored
      : await this.hasher.hash(userId, kind, payload.secret);
    await this.store.withLock(userId, kind, async (credential) => {
      await credential.check();
      if (credential.row?.hash !== stored.hash) return;
      await credential.write({ ...current, ...this.attempts.afterSuccess(credential, counted) });
    });
    return { check: { verified, failedAttempts, lastFailedAt }, hash: current.hash };
  }
}

function storedHash({ row }: LockedCredential): StoredHash | null {
  if (!row?.hash) return null;
  return { hash: row.hash, pepperId: row.pepperId ?? "" };
}

function alreadySet(): ServiceError {
  const message = "One is set already; send the current one along, encrypted.";
  return new ServiceError("CREDENTIAL_EXISTS", message);
}
