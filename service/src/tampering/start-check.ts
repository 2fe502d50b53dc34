import { Injectable, type OnModuleInit } from "@nestjs/common";
import { desc, isNotNull } from "drizzle-orm";
import { Database } from "../database/database.js";
import { credentials } from "../database/schema/credentials.js";
import { Integrity } from "../envelope/integrity.js";
import { lostSecret, ServiceSecrets } from "../envelope/service-secrets.js";
import { isFormerDeviceIntact } from "../keys/device.js";
import { makeFirstSeals } from "./first-seals.js";
import { SIGNED_TABLES, type SignedTable } from "./signed-tables.js";

/** So many of the rows that were written last are looked at. */
const SAMPLE = 20;

/** Sees before the service starts that its secrets are those that the rows were written under. */
@Injectable()
export class StartCheck implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly secrets: ServiceSecrets,
  ) {}

  /** @throws {Error} where most rows do not fit: single ones were changed, and are found in use. */
  async onModuleInit(): Promise<void> {
    // Without secrets there must be no rows either, or this fails.
    const peppers = new Set((await this.secrets.ring("pepper")).map(({ id }) => id));
    await this.secrets.ring("integrity");
    const fitting: boolean[] = [];
    for (const table of SIGNED_TABLES) fitting.push(...(await this.fits(table)));
    if (isMostlyWrong(fitting)) throw lostSecret("integrity");
    const hashes = await this.database.background
      .select({ pepperId: credentials.pepperId })
      .from(credentials)
      .where(isNotNull(credentials.hash))
      .orderBy(desc(credentials.updatedAt))
      .limit(SAMPLE);
    if (isMostlyWrong(hashes.map(({ pepperId }) => peppers.has(pepperId ?? "")))) {
      throw lostSecret("pepper");
    }
    await makeFirstSeals(this.database, this.integrity);
  }

  private async fits(table: SignedTable): Promise<boolean[]> {
    const rows = await table.latest(this.database.background, SAMPLE);
    return Promise.all(
      rows.map(
        async (row) =>
          (await table.isIntact(this.integrity, row)) ||
          (table.name === "devices" && isFormerDeviceIntact(this.integrity, row)),
      ),
    );
  }
}

function isMostlyWrong(fitting: readonly boolean[]): boolean {
  return fitting.filter((fits) => !fits).length * 2 > fitting.length;
}
