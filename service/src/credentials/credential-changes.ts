import { Injectable } from "@nestjs/common";
import type { Caller } from "../auth/caller.js";
import { ServiceError } from "../common/service-error.js";
import { Log } from "../logging/log.js";
import { PayloadReader, type OpenedPayload } from "../payloads/payload-reader.js";
import { usePayload } from "../payloads/used-payloads.js";
import { KINDS, type CredentialKind } from "./credential.js";
import { CredentialStore } from "./credential-store.js";
import { NewSecrets } from "./new-secrets.js";
import { SecretVerifier } from "./secret-verifier.js";

export interface EncryptedSecret {
  readonly keyId: string;
  readonly ciphertext: string;
  /** That of a payload with the current one, bound to `ciphertext`. */
  readonly currentCiphertext?: string;
  /** Whose it is, where an administrator sets it. */
  readonly userId?: string;
}

/** Sets passcodes and PINs, and replaces those that are set. */
@Injectable()
export class CredentialChanges {
  constructor(
    private readonly secrets: NewSecrets,
    private readonly payloads: PayloadReader,
    private readonly verifier: SecretVerifier,
    private readonly store: CredentialStore,
    private readonly log: Log,
  ) {}

  /** @returns when it was set. */
  async set(caller: Caller, kind: CredentialKind, encrypted: EncryptedSecret): Promise<Date> {
    const byAdministrator = encrypted.userId !== undefined;
    if (byAdministrator && !caller.roles.has("admin")) {
      throw new ServiceError("FORBIDDEN", "Setting it for another user needs the role admin.");
    }
    const userId = encrypted.userId ?? caller.userId;
    const { payload, hashed } = await this.secrets.read(caller.userId, userId, kind, encrypted);
    const replaced = byAdministrator
      ? undefined
      : await this.proveCurrent(caller.userId, kind, encrypted, payload);
    const setAt = await this.store.withLock(userId, kind, async (credential) => {
      // An administrator's word also replaces what was changed in the database.
      if (!byAdministrator) {
        await credential.check();
        if ((credential.row?.hash ?? null) !== replaced) throw alreadySet();
      }
      await usePayload(credential.transaction, encrypted.keyId, payload);
      // Where somebody proved the current one, the failures in the window go on to count.
      const forgotten = replaced ? {} : { notBefore: null, recentFailures: [] };
      const set = { ...hashed, failures: 0, ...forgotten };
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
    { keyId, ciphertext, currentCiphertext }: EncryptedSecret,
    payload: OpenedPayload,
  ): Promise<string | null> {
    const stored = await this.store.withLock(userId, kind, async (credential) => {
      await credential.check();
      return credential.row?.hash ?? null;
    });
    if (stored === null) return null;
    if (!currentCiphertext) throw alreadySet();
    const encrypted = { keyId, ciphertext: currentCiphertext };
    const replacement = { ciphertext, payload };
    const operation = KINDS[kind].change;
    const current = await this.payloads.readCurrent(userId, encrypted, operation, replacement);
    const { verification, hash } = await this.verifier.verify(userId, kind, current);
    if (verification.verified) return hash;
    const { retryAfterSeconds } = verification;
    throw new ServiceError("WRONG_SECRET", "The current secret is wrong.", { retryAfterSeconds });
  }
}

function alreadySet(): ServiceError {
  const message = "One is set already; send the current one along, encrypted.";
  return new ServiceError("CREDENTIAL_EXISTS", message);
}
