import { createHmac } from "node:crypto";
import { Inject, Injectable } from "@nestjs/common";
import { Algorithm, hash, verify } from "@node-rs/argon2";
import { ServiceSecrets } from "../envelope/service-secrets.js";
import type { CredentialKind } from "./credential.js";

/** OWASP's minimum for Argon2id: 19 MiB, two passes. */
const COST = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes secrets with Argon2id, under a pepper, for one user and kind only. */
@Injectable()
export class Hasher {
  private decoy: Promise<string> | undefined;

  constructor(@Inject(ServiceSecrets) private readonly secrets: ServiceSecrets) {}

  /** The pepper's id, once it can be used; after that neither call asks the key service. */
  async pepperId(): Promise<string> {
    return (await this.secrets.get("pepper")).id;
  }

  async hash(userId: string, kind: CredentialKind, secret: string): Promise<string> {
    return hash(await this.peppered(userId, kind, secret), COST);
  }

  /** Takes as long where there is no hash, so that nobody can tell by the time. */
  async verify(
    stored: string | null,
    userId: string,
    kind: CredentialKind,
    secret: string,
  ): Promise<boolean> {
    const peppered = await this.peppered(userId, kind, secret);
    this.decoy ??= hash("decoy", COST);
    const matches = await verify(stored ?? (await this.decoy), peppered);
    return matches && stored !== null;
  }

  /** Bound to user and kind, a hash that was moved to another row matches nothing. */
  private async peppered(userId: string, kind: CredentialKind, secret: string): Promise<string> {
    const { key } = await this.secrets.get("pepper");
    const text = JSON.stringify([userId, kind, secret.normalize("NFKC")]);
    // As text, since this Argon2 verifies nothing else.
    return createHmac("sha256", key).update(text).digest("base64url");
  }
}
