import { Inject, Injectable } from "@nestjs/common";
import { and, asc, eq, isNull, lte, or, type SQL } from "drizzle-orm";
import { Clock } from "../common/clock.js";
import { DAY, later } from "../common/durations.js";
import { Config } from "../config/config.js";
import { Database } from "../database/database.js";
import { clientKeys } from "../database/schema/keys.js";
import type { ClientKey } from "./client-key.js";
import { KeyStore } from "./key-store.js";

/** How many keys were moved on, and how many of them had been changed in the database. */
export interface Moved {
  readonly keys: number;
  readonly tampered: number;
}

/** Moves keys on: from `active` to `decrypt-only`, and from there to `destroyed`. */
@Injectable()
export class LifeCycle {
  constructor(
    @Inject(Config) private readonly config: Config,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Database) private readonly database: Database,
    @Inject(KeyStore) private readonly store: KeyStore,
  ) {}

  /** One batch of keys that have expired. */
  retireExpired(batch: number): Promise<Moved> {
    const due = and(eq(clientKeys.state, "active"), lte(clientKeys.expiresAt, this.clock.now()));
    return this.move(batch, due, ({ expiresAt }) => ({
      state: "decrypt-only",
      retiredAt: expiresAt,
    }));
  }

  /** One batch of keys that have decrypted for long enough: their private keys go. */
  destroyOld(batch: number): Promise<Moved> {
    const now = this.clock.now();
    const cutoff = later(now, -this.config.KEY_DECRYPT_ONLY_DAYS * DAY);
    const ended = or(
      lte(clientKeys.retiredAt, cutoff),
      and(isNull(clientKeys.retiredAt), lte(clientKeys.expiresAt, cutoff)),
    );
    return this.move(batch, and(eq(clientKeys.state, "decrypt-only"), ended), () => ({
      state: "destroyed",
      destroyedAt: now,
      privateKey: null,
    }));
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
