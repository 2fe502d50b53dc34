import { Injectable } from "@nestjs/common";
import type { EncryptedPayload } from "../payloads/payload-decryptor.js";
import { PayloadReader, type OpenedPayload } from "../payloads/payload-reader.js";
import { KINDS, type CredentialKind } from "./credential.js";
import { Hasher, type StoredHash } from "./hasher.js";
import { SecretRules } from "./secret-rules.js";

/** A secret that may be set, hashed, and the payload that it came in. */
export interface NewSecret {
  readonly payload: OpenedPayload;
  readonly hashed: StoredHash;
}

/** Reads passcodes and PINs that are to be set. */
@Injectable()
export class NewSecrets {
  constructor(
    private readonly payloads: PayloadReader,
    private readonly rules: SecretRules,
    private readonly hasher: Hasher,
  ) {}

  /**
   * @param senderId whose device encrypted it: the user, or an administrator.
   * @throws {ServiceError} `SECRET_UNACCEPTABLE`, and as `PayloadReader` does.
   */
  async read(
    senderId: string,
    userId: string,
    kind: CredentialKind,
    encrypted: EncryptedPayload,
  ): Promise<NewSecret> {
    const operation = KINDS[kind].set;
    const payload = await this.payloads.read(senderId, encrypted, { operation });
    this.rules.check(kind, payload.secret, userId);
    return { payload, hashed: await this.hasher.hash(userId, kind, payload.secret) };
  }
}
