import type { KeyObject } from "node:crypto";
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from "@nestjs/common";
import { desc, eq } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { later, MINUTE, SECOND } from "../common/durations.js";
import { sortableId } from "../common/sortable-id.js";
import { Database, type Drizzle } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { serviceSecrets } from "../database/schema/keys.js";
import { rowsNeed } from "./rows-of-secrets.js";
import { Sealer } from "./sealer.js";
import { SECRETS, type SecretPurpose } from "./secret-purposes.js";

type StoredSecret = typeof serviceSecrets.$inferSelect;

export interface ServiceSecret {
  readonly id: string;
  /** 1 for the first of its purpose, and one more for each that takes its place. */
  readonly version: number;
  readonly createdAt: Date;
  readonly key: KeyObject;
}

/** How often an instance looks for secrets that another one made. */
const REFRESH_MS = 30 * SECOND;

/** A new secret is used this long after it was made: by then every instance can read what is under it. */
export const ADOPTION_MS = 2 * MINUTE;

/**
 * Secrets of the service itself: stored as messages, opened once, shared by all instances. Of each
 * purpose the newest is used, and the older ones serve what was written under them.
 */
@Injectable()
export class ServiceSecrets implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly opened = new Map<string, ServiceSecret>();
  /** Of each purpose, the newest first. */
  private readonly rings = new Map<SecretPurpose, Promise<readonly ServiceSecret[]>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly sealer: Sealer,
    private readonly clock: Clock,
  ) {}

  /** A service that cannot open its secrets would fail at every request; it fails here. */
  async onApplicationBootstrap(): Promise<void> {
    const purposes = Object.keys(SECRETS) as SecretPurpose[];
    await Promise.all(purposes.map((purpose) => this.get(purpose)));
    this.timer = setInterval(() => void this.refresh().catch(() => {}), REFRESH_MS).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  /** The secret for a purpose that is used now; the first instance that asks makes it. */
  async get(purpose: SecretPurpose): Promise<ServiceSecret> {
    const adoptedUntil = later(this.clock.now(), -ADOPTION_MS);
    const ring = await this.ring(purpose);
    return (
      ring.find(({ version, createdAt }) => version === 1 || createdAt <= adoptedUntil) ??
      ring.at(-1)!
    );
  }

  /** All of a purpose that there are, the newest first. It asks neither database nor key service. */
  ring(purpose: SecretPurpose): Promise<readonly ServiceSecret[]> {
    const known = this.rings.get(purpose);
    if (known) return known;
    const opening = this.load(purpose);
    this.rings.set(purpose, opening);
    // A key service that was away must not be remembered.
    opening.catch(() => this.rings.delete(purpose));
    return opening;
  }

  /** Learns of secrets that were made or dropped since. On failure it knows what it knew. */
  async refresh(): Promise<void> {
    for (const purpose of this.rings.keys()) {
      const rows = await this.find(purpose);
      // Whoever emptied the table must not end what still runs.
      if (rows.length > 0) this.rings.set(purpose, Promise.resolve(await this.openAll(rows)));
    }
  }

  /** Makes another secret, which takes the place of the newest after `ADOPTION_MS`. */
  async rotate(purpose: SecretPurpose): Promise<ServiceSecret> {
    const row = await this.seal(purpose, (await this.ring(purpose))[0]!.version + 1);
    await this.database.orm
      .insert(serviceSecrets)
      .values(row)
      .onConflictDoNothing({ target: [serviceSecrets.purpose, serviceSecrets.version] });
    await this.refresh();
    return (await this.ring(purpose))[0]!;
  }

  /** Drops a secret that nothing is under any more. */
  async drop(purpose: SecretPurpose, id: string): Promise<void> {
    await this.database.background.delete(serviceSecrets).where(eq(serviceSecrets.id, id));
    this.opened.delete(id);
    const ring = await this.ring(purpose);
    this.rings.set(purpose, Promise.resolve(ring.filter((secret) => secret.id !== id)));
  }

  private async load(purpose: SecretPurpose): Promise<readonly ServiceSecret[]> {
    const rows = await this.find(purpose);
    return this.openAll(rows.length > 0 ? rows : await this.make(purpose));
  }

  private async openAll(rows: readonly StoredSecret[]): Promise<readonly ServiceSecret[]> {
    return Promise.all(rows.map((row) => this.open(row)));
  }

  private async open(row: StoredSecret): Promise<ServiceSecret> {
    const known = this.opened.get(row.id);
    if (known) return known;
    const { id, version, createdAt } = row;
    const secret = await this.sealer.open(row.message, secretContext(row));
    try {
      const opened = { id, version, createdAt, key: SECRETS[row.purpose].read(secret) };
      this.opened.set(id, opened);
      return opened;
    } finally {
      secret.fill(0);
    }
  }

  private find(purpose: SecretPurpose, at: Drizzle = this.database.orm): Promise<StoredSecret[]> {
    return at
      .select()
      .from(serviceSecrets)
      .where(eq(serviceSecrets.purpose, purpose))
      .orderBy(desc(serviceSecrets.version));
  }

  /** @throws {Error} where rows are there already, so that the secret they need was lost. */
  private async make(purpose: SecretPurpose): Promise<StoredSecret[]> {
    const row = await this.seal(purpose, 1);
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`service-secret:${purpose}`]);
      // Another instance may have been faster, and then its secret is the one.
      const stored = await this.find(purpose, transaction);
      if (stored.length > 0) return stored;
      if (await rowsNeed(purpose, transaction)) throw lostSecret(purpose);
      await transaction.insert(serviceSecrets).values(row);
      return [row];
    });
  }

  private async seal(purpose: SecretPurpose, version: number): Promise<StoredSecret> {
    const createdAt = this.clock.now();
    const id = sortableId(createdAt);
    const secret = await SECRETS[purpose].make();
    const message = await this.sealer.seal(secret, secretContext({ id, purpose, version }));
    secret.fill(0);
    return { id, purpose, version, message, createdAt };
  }
}

/** What binds the message of a secret to its row. The first ones name no version. */
export function secretContext({
  id: secretId,
  purpose,
  version,
}: Pick<StoredSecret, "id" | "purpose" | "version">): Record<string, string> {
  const context = { type: "service-secret", secretId, purpose };
  return version === 1 ? context : { ...context, version: String(version) };
}

/** Why the service does not start: what it would write would not go with what is there. */
export function lostSecret(purpose: SecretPurpose): Error {
  return new Error(
    `the ${purpose} secret that the stored rows were written under is not in service_secrets: ` +
      "restore that table from a backup (docs/operations.md, Lost secrets)",
  );
}
