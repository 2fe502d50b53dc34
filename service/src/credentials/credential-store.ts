import { Inject, Injectable } from "@nestjs/common";
import { and, eq } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { credentials } from "../database/schema/credentials.js";
import { Integrity } from "../envelope/integrity.js";
import { checkIntact, credentialCode, type Credential, type CredentialKind } from "./credential.js";

type Change = Partial<
  Pick<Credential, "hash" | "pepperId" | "failures" | "notBefore" | "recentFailures">
>;

/** One user's credential of one kind, locked: nobody else reads or changes it meanwhile. */
export interface LockedCredential {
  readonly transaction: Transaction;
  readonly now: Date;
  /** Undefined if nothing is stored; unchecked if it was changed, and `check` says so. */
  readonly row: Credential | undefined;
  check(): Promise<void>;
  write(change: Change): Promise<void>;
}

/** The rows of the credentials. */
@Injectable()
export class CredentialStore {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Database) private readonly database: Database,
    @Inject(Integrity) private readonly integrity: Integrity,
  ) {}

  withLock<Result>(
    userId: string,
    kind: CredentialKind,
    work: (credential: LockedCredential) => Promise<Result>,
  ): Promise<Result> {
    return this.database.orm.transaction(async (transaction) => {
      await lockNames(transaction, [`credential:${kind}:${userId}`]);
      const [row] = await transaction
        .select()
        .from(credentials)
        .where(and(eq(credentials.userId, userId), eq(credentials.kind, kind)));
      const now = this.clock.now();
      return work({
        transaction,
        now,
        row,
        check: async () => row && checkIntact(this.integrity, row),
        write: (change) =>
          this.write(transaction, { ...(row ?? empty(userId, kind)), ...change, updatedAt: now }),
      });
    });
  }

  private async write(transaction: Transaction, unsigned: Omit<Credential, "mac">): Promise<void> {
    const row = { ...unsigned, mac: await credentialCode(this.integrity, unsigned) };
    await transaction
      .insert(credentials)
      .values(row)
      .onConflictDoUpdate({ target: [credentials.userId, credentials.kind], set: row });
  }
}

function empty(userId: string, kind: CredentialKind) {
  const counts = { failures: 0, notBefore: null, recentFailures: [] };
  return { userId, kind, hash: null, pepperId: null, ...counts };
}
