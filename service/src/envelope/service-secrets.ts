import { createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import { Inject, Injectable, type OnApplicationBootstrap } from "@nestjs/common";
import { eq } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { sortableId } from "../common/sortable-id.js";
import { Database } from "../database/database.js";
import { serviceSecrets } from "../database/schema/keys.js";
import { Sealer } from "./sealer.js";

export type SecretPurpose = "pepper" | "integrity";

export interface ServiceSecret {
  readonly id: string;
  readonly key: KeyObject;
}

/** Secrets of the service itself: stored as messages, opened once, shared by all instances. */
@Injectable()
export class ServiceSecrets implements OnApplicationBootstrap {
  private readonly opened = new Map<SecretPurpose, Promise<ServiceSecret>>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Sealer) private readonly sealer: Sealer,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** A service that cannot open its secrets would fail at every request; it fails here. */
  async onApplicationBootstrap(): Promise<void> {
    await Promise.all([this.get("pepper"), this.get("integrity")]);
  }

  /** The secret for a purpose; the first instance that asks makes it. */
  get(purpose: SecretPurpose): Promise<ServiceSecret> {
    const known = this.opened.get(purpose);
    if (known) return known;
    const opening = this.load(purpose);
    this.opened.set(purpose, opening);
    // A key service that was away must not be remembered.
    opening.catch(() => this.opened.delete(purpose));
    return opening;
  }

  private async load(purpose: SecretPurpose): Promise<ServiceSecret> {
    const row = (await this.find(purpose)) ?? (await this.make(purpose));
    const secret = await this.sealer.open(row.message, secretContext(row.id, purpose));
    try {
      return { id: row.id, key: createSecretKey(secret) };
    } finally {
      secret.fill(0);
    }
  }

  private async find(purpose: SecretPurpose) {
    const rows = await this.database.orm
      .select()
      .from(serviceSecrets)
      .where(eq(serviceSecrets.purpose, purpose));
    return rows[0];
  }

  private async make(purpose: SecretPurpose) {
    const createdAt = this.clock.now();
    const id = sortableId(createdAt);
    const secret = randomBytes(32);
    const message = await this.sealer.seal(secret, secretContext(id, purpose));
    secret.fill(0);
    await this.database.orm
      .insert(serviceSecrets)
      .values({ id, purpose, message, createdAt })
      .onConflictDoNothing({ target: serviceSecrets.purpose });
    // Another instance may have been faster, and then its secret is the one.
    const row = await this.find(purpose);
    if (!row) throw new Error(`the secret ${purpose} has vanished`);
    return row;
  }
}

/** What binds the message of a secret to its row. */
export function secretContext(secretId: string, purpose: SecretPurpose) {
  return { type: "service-secret", secretId, purpose };
}
