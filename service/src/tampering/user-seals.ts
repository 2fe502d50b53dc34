import { Injectable } from "@nestjs/common";
import { eq } from "drizzle-orm";
import type { CredentialKind } from "../credentials/credential.js";
import type { Transaction } from "../database/database.js";
import { lockNames } from "../database/locks.js";
import { userSeals } from "../database/schema/credentials.js";
import { devices } from "../database/schema/keys.js";
import { Integrity } from "../envelope/integrity.js";

export type UserSeal = typeof userSeals.$inferSelect;
type Counts = Omit<UserSeal, "userId" | "mac">;

/** The seal of all users has the id that no user has; its members are the users. */
export const ALL_USERS = "";

const NOTHING: Counts = { passcodeRevision: 0, pinRevision: 0, members: 0 };

/** What no seal has that is right. */
const NO_CODE = "";

/** Which of a seal's counts is of which kind of credential. */
export const REVISION_OF = {
  PASSCODE: "passcodeRevision",
  TRANSACTION_PIN: "pinRevision",
} as const satisfies Record<CredentialKind, keyof Counts>;

/**
 * What each user must have: how many devices, and which revision of each credential. So a row that
 * was deleted, or put back as it was, is noticed. A user has a seal from the first device on, and
 * the seal of all users tells how many there must be.
 */
@Injectable()
export class UserSeals {
  constructor(private readonly integrity: Integrity) {}

  /** @returns undefined where there is none, or it was changed. */
  async read(transaction: Transaction, userId: string): Promise<UserSeal | undefined> {
    const [seal] = await transaction.select().from(userSeals).where(eq(userSeals.userId, userId));
    return seal && (await isSealIntact(this.integrity, seal)) ? seal : undefined;
  }

  /** Changes a seal, or makes the first one of a user. The transaction locks it until its end. */
  async change(
    transaction: Transaction,
    userId: string,
    change: (counts: Counts) => Partial<Counts>,
  ): Promise<void> {
    await lockNames(transaction, [`seal:${userId}`]);
    const [seal] = await transaction.select().from(userSeals).where(eq(userSeals.userId, userId));
    const unsigned = { userId, ...NOTHING, ...(seal && countsOf(seal)) };
    Object.assign(unsigned, change(unsigned));
    const isWhole = seal
      ? await isSealIntact(this.integrity, seal)
      : await this.isNew(transaction, unsigned);
    // A change does not heal what was changed in the database, or deleted there.
    const mac = isWhole ? await sealCode(this.integrity, unsigned) : (seal?.mac ?? NO_CODE);
    await transaction
      .insert(userSeals)
      .values({ ...unsigned, mac })
      .onConflictDoUpdate({ target: userSeals.userId, set: { ...unsigned, mac } });
    if (seal || !isWhole || userId === ALL_USERS) return;
    await this.change(transaction, ALL_USERS, ({ members }) => ({ members: members + 1 }));
  }

  /** Whether a user without a seal never had one: one who has more devices than this change gives had. */
  private async isNew(transaction: Transaction, { userId, members }: Counts & { userId: string }) {
    if (userId === ALL_USERS) return true;
    return (await transaction.$count(devices, eq(devices.userId, userId))) === members;
  }

  /** Makes a seal that was changed or deleted a right one again: by an administrator's word. */
  async renew(transaction: Transaction, userId: string): Promise<void> {
    const [seal] = await transaction.select().from(userSeals).where(eq(userSeals.userId, userId));
    if (seal && (await isSealIntact(this.integrity, seal))) return;
    const members = await transaction.$count(devices, eq(devices.userId, userId));
    // Who has neither seal nor device is new, and gets the first seal with the first change.
    if (!seal && members === 0) return;
    const unsigned = { userId, ...NOTHING, ...(seal && countsOf(seal)), members };
    const mac = await sealCode(this.integrity, unsigned);
    await transaction
      .insert(userSeals)
      .values({ ...unsigned, mac })
      .onConflictDoUpdate({ target: userSeals.userId, set: { ...unsigned, mac } });
  }
}

export function sealCode(integrity: Integrity, seal: Omit<UserSeal, "mac">): Promise<string> {
  return integrity.code("user_seals", fieldsOf(seal));
}

export function isSealIntact(integrity: Integrity, seal: UserSeal): Promise<boolean> {
  return integrity.matches(seal.mac, "user_seals", fieldsOf(seal));
}

function fieldsOf({ userId, passcodeRevision, pinRevision, members }: Omit<UserSeal, "mac">) {
  return [userId, passcodeRevision, pinRevision, members];
}

function countsOf({ passcodeRevision, pinRevision, members }: UserSeal): Counts {
  return { passcodeRevision, pinRevision, members };
}
