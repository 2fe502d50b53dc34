import { Injectable } from "@nestjs/common";
import { and, eq } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { Database, type Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { credentials } from "../database/schema/credentials.js";
import { Integrity } from "../envelope/integrity.js";
import { REVISION_OF, UserSeals } from "../tampering/user-seals.js";
import {
  checkIntact,
  credentialCode,
  unusable,
  type Credential,
  type CredentialKind,
} from "./credential.js";

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
  /** As `write`, in place of whatever was changed in the database. */
  replace(change: Change): Promise<void>;
}

/** The rows of the credentials. */
@Injectable()
export class CredentialStore {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly seals: UserSeals,
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
        check: async () => {
          if (row) await checkIntact(this.integrity, row);
          const seal = await this.seals.read(transaction, userId);
          // Whoever comes here has a device, and so a seal.
          if (seal?.[REVISION_OF[kind]] !== (row?.revision ?? 0)) throw unusable();
        },
        write: (change) =>
          this.write(transaction, { ...(row ?? empty(userId, kind)), ...change, updatedAt: now }),
        replace: async (change) => {
          await this.seals.renew(transaction, userId);
          const sealed = (await this.seals.read(transaction, userId))?.[REVISION_OF[kind]] ?? 0;
          // None of the rows before is right again.
          const revision = Math.max(sealed, row?.revision ?? 0);
          const fresh = { ...empty(userId, kind), revision };
          await this.write(transaction, { ...fresh, ...change, updatedAt: now });
        },
      });
    });
  }

  private async write(transaction: Transaction, changed: Omit<Credential, "mac">): Promise<void> {
    const unsigned = { ...changed, revision: changed.revision + 1 };
    await this.seals.change(transaction, changed.userId, () => ({
      [REVISION_OF[changed.kind]]: unsigned.revision,
    }));
    const row = { ...unsigned, mac: await credentialCode(this.integrity, unsigned) };
    await transaction
      .insert(credentials)
      .values(row)
      .onConflictDoUpdate({ target: [credentials.userId, credentials.kind], set: row });
  }
}

function empty(userId: string, kind: CredentialKind) {
  const counts = { failures: 0, notBefore: null, recentFailures: [] };
  return { userId, kind, hash: null, pepperId: null, revision: 0, ...counts };
}
