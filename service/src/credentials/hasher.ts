import { createHmac } from "node:crypto";
import { Injectable } from "@nestjs/common";
import { Algorithm, hash, verify } from "@node-rs/argon2";
import { ServiceSecrets, type ServiceSecret } from "../envelope/service-secrets.js";
import type { CredentialKind } from "./credential.js";

/** OWASP's minimum for Argon2id: 19 MiB, two passes. */
const COST = { algorithm: Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** A hash, and the pepper that it is under. */
export interface StoredHash {
  readonly hash: string;
  readonly pepperId: string;
}

/** Hashes secrets with Argon2id, under a pepper, for one user and kind only. */
@Injectable()
export class Hasher {
  private decoy: Promise<string> | undefined;

  constructor(private readonly secrets: ServiceSecrets) {}

  /** The ids of all peppers, once they can be used; after that no call asks the key service. */
  async pepperIds(): Promise<ReadonlySet<string>> {
    return new Set((await this.secrets.ring("pepper")).map(({ id }) => id));
  }

  /** Whether a hash is under the pepper that is used now. */
  async isCurrent({ pepperId }: StoredHash): Promise<boolean> {
    return (await this.secrets.get("pepper")).id === pepperId;
  }

  async hash(userId: string, kind: CredentialKind, secret: string): Promise<StoredHash> {
    const pepper = await this.secrets.get("pepper");
    return { hash: await hash(peppered(pepper, userId, kind, secret), COST), pepperId: pepper.id };
  }

  /** Takes as long where there is no hash, so that nobody can tell by the time. */
  async verify(
    stored: StoredHash | null,
    userId: string,
    kind: CredentialKind,
    secret: string,
  ): Promise<boolean> {
    const ring = await this.secrets.ring("pepper");
    const pepper = ring.find(({ id }) => id === stored?.pepperId);
    this.decoy ??= hash("decoy", COST);
    const against = pepper && stored ? stored.hash : await this.decoy;
    const matches = await verify(against, peppered(pepper ?? ring[0]!, userId, kind, secret));
    return matches && against === stored?.hash;
  }
}

/** Bound to user and kind, a hash that was moved to another row matches nothing. */
function peppered({ key }: ServiceSecret, userId: string, kind: CredentialKind, secret: string) {
  const text = JSON.stringify([userId, kind, secret.normalize("NFKC")]);
  // As text, since this Argon2 verifies nothing else.
  return createHmac("sha256", key).update(text).digest("base64url");
}
