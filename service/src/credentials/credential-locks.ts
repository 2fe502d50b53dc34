import { Injectable } from "@nestjs/common";
import { desc, eq, gt } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { Database } from "../database/database.js";
import { credentials } from "../database/schema/credentials.js";
import type { CredentialKind } from "./credential.js";

/** A secret of a user, without the secret. */
export interface CredentialState {
  readonly userId: string;
  readonly kind: CredentialKind;
  readonly set: boolean;
  /** Failures since the last success. */
  readonly failures: number;
  /** Until when no attempt is taken; null if the next one is. */
  readonly lockedUntil: Date | null;
}

const MOST_LISTED = 20;

/** Which passcodes and PINs are locked or delayed, for administrators. */
@Injectable()
export class CredentialLocks {
  constructor(
    private readonly clock: Clock,
    private readonly database: Database,
  ) {}

  /** Those that are locked now: how many, and the 20 that are locked for the longest. */
  async now(): Promise<{ count: number; longest: CredentialState[] }> {
    const locked = gt(credentials.notBefore, this.clock.now());
    const orm = this.database.metrics;
    const rows = await orm
      .select()
      .from(credentials)
      .where(locked)
      .orderBy(desc(credentials.notBefore), credentials.userId)
      .limit(MOST_LISTED);
    const count = rows.length < MOST_LISTED ? rows.length : await orm.$count(credentials, locked);
    return { count, longest: rows.map((row) => this.stateOf(row)) };
  }

  /** All that a user has, and those that were only guessed at. */
  async of(userId: string): Promise<CredentialState[]> {
    const rows = await this.database.metrics
      .select()
      .from(credentials)
      .where(eq(credentials.userId, userId))
      .orderBy(credentials.kind);
    return rows.map((row) => this.stateOf(row));
  }

  private stateOf(row: typeof credentials.$inferSelect): CredentialState {
    const { userId, kind, hash, failures, notBefore } = row;
    const lockedUntil = notBefore && notBefore > this.clock.now() ? notBefore : null;
    return { userId, kind, set: hash !== null, failures, lockedUntil };
  }
}
