import { Injectable } from "@nestjs/common";
import { and, asc, eq, gte, isNotNull, isNull, lte, or, sql, type SQL } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { DAY, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { clientKeys } from "../database/schema/keys.js";
import type { Due } from "../common/due.js";
import type { ClientKey } from "./client-key.js";
import { KeyStore } from "./key-store.js";

/** How many keys were moved on, and how many of them had been changed in the database. */
export interface Moved {
  readonly keys: number;
  readonly tampered: number;
}

/** Destroyed, and still to be restored. */
const IN_GRACE = and(eq(clientKeys.state, "destroyed"), isNotNull(clientKeys.privateKey));

/** Moves keys on: from `active` to `decrypt-only`, from there to `destroyed`, and wipes them at last. */
@Injectable()
export class LifeCycle {
  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly database: Database,
    private readonly store: KeyStore,
  ) {}

  /** One batch of keys that have expired. */
  retireExpired(batch: number): Promise<Moved> {
    const due = and(eq(clientKeys.state, "active"), lte(clientKeys.expiresAt, this.clock.now()));
    return this.move(batch, due, ({ expiresAt }) => ({
      state: "decrypt-only",
      retiredAt: expiresAt,
    }));
  }

  /** One batch of keys that have decrypted for long enough: from now on nobody can use them. */
  destroyOld(batch: number): Promise<Moved> {
    const destroyedAt = this.clock.now();
    return this.move(batch, this.ended(), () => ({ state: "destroyed", destroyedAt }));
  }

  /** One batch of keys whose time to be restored is over: their private keys go, for good. */
  wipe(batch: number): Promise<Moved> {
    return this.move(batch, this.graceEnded(), () => ({ privateKey: null }));
  }

  /** One batch of keys that were destroyed since then, and are not wiped yet: they decrypt again. */
  restore(batch: number, since: Date): Promise<Moved> {
    const destroyed = and(IN_GRACE, gte(clientKeys.destroyedAt, since));
    return this.move(batch, destroyed, () => ({ state: "decrypt-only", destroyedAt: null }));
  }

  /** How many keys are due to be destroyed and wiped, of those whose private key is there. */
  async countDue(): Promise<{ destroyed: Due; wiped: Due }> {
    const count = (condition: SQL | undefined) =>
      sql<number>`(count(*) filter (where ${condition}))::int`;
    const [row] = await this.database.background
      .select({
        total: sql<number>`count(*)::int`,
        destroyed: count(this.ended()),
        wiped: count(this.graceEnded()),
      })
      .from(clientKeys)
      .where(isNotNull(clientKeys.privateKey));
    const { total, destroyed, wiped } = row!;
    return { destroyed: { due: destroyed, total }, wiped: { due: wiped, total } };
  }

  private graceEnded(): SQL | undefined {
    const cutoff = later(this.clock.now(), -this.config.KEY_GRACE_DAYS * DAY);
    return and(IN_GRACE, lte(clientKeys.destroyedAt, cutoff));
  }

  private ended(): SQL | undefined {
    const now = this.clock.now();
    const cutoff = later(now, -this.config.KEY_DECRYPT_ONLY_DAYS * DAY);
    const ended = or(
      lte(clientKeys.retiredAt, cutoff),
      and(isNull(clientKeys.retiredAt), lte(clientKeys.expiresAt, cutoff)),
    );
    return and(eq(clientKeys.state, "decrypt-only"), ended);
  }

  private move(
    batch: number,
    due: SQL | undefined,
    change: (key: ClientKey) => Parameters<KeyStore["change"]>[2],
  ): Promise<Moved> {
    return this.database.background.transaction(async (transaction) => {
      const keys = await transaction
        .select()
        .from(clientKeys)
        .where(due)
        .orderBy(asc(clientKeys.id))
        .limit(batch)
        .for("update", { skipLocked: true });
      let tampered = 0;
      for (const key of keys) {
        if (!(await this.store.change(transaction, key, change(key)))) tampered++;
      }
      return { keys: keys.length, tampered };
    });
  }
}
