import { setImmediate as nextTurn } from "node:timers/promises";
import { Injectable } from "@nestjs/common";
import { sql, type SQL } from "drizzle-orm";
import { Database } from "../database/database.js";
import { Integrity } from "../envelope/integrity.js";
import { ServiceSecrets } from "../envelope/service-secrets.js";
import { Log } from "../logging/log.js";
import { SIGNED_TABLES, type SignedTable } from "./signed-tables.js";

const BATCH = 500;

/** So many are named in the log; the count tells of the others. */
const MOST_NAMED = 100;

export interface FullCheckReport {
  readonly checkedRows: number;
  readonly tamperedRows: number;
}

/** What a user must have by the seal, and has not; each statement sees one moment. */
const MISSING: readonly [what: string, query: SQL][] = [
  [
    "users",
    sql`SELECT 'all' AS id FROM user_seals AS seal WHERE seal.user_id = ''
      AND seal.members <> (SELECT count(*) FROM user_seals) - 1`,
  ],
  [
    "user_seals",
    sql`SELECT DISTINCT known.user_id AS id FROM (
        SELECT user_id FROM devices UNION SELECT user_id FROM credentials) AS known
      LEFT JOIN user_seals AS seal ON seal.user_id = known.user_id WHERE seal.user_id IS NULL`,
  ],
  [
    "credentials",
    sql`SELECT seal.user_id AS id FROM user_seals AS seal
      LEFT JOIN credentials AS passcode ON passcode.user_id = seal.user_id AND passcode.kind = 'PASSCODE'
      LEFT JOIN credentials AS pin ON pin.user_id = seal.user_id AND pin.kind = 'TRANSACTION_PIN'
      WHERE seal.passcode_revision <> coalesce(passcode.revision, 0)
      OR seal.pin_revision <> coalesce(pin.revision, 0)`,
  ],
  [
    "devices",
    sql`SELECT seal.user_id AS id FROM user_seals AS seal
      LEFT JOIN (SELECT user_id, count(*) AS count FROM devices GROUP BY user_id) AS owned
      ON owned.user_id = seal.user_id
      WHERE seal.user_id <> '' AND seal.members <> coalesce(owned.count, 0)`,
  ],
];

/** Looks at every row that has a code, whether or not it is due for anything. */
@Injectable()
export class FullCheck {
  constructor(
    private readonly database: Database,
    private readonly integrity: Integrity,
    private readonly secrets: ServiceSecrets,
    private readonly log: Log,
  ) {}

  /** Names in the log what was changed, and brings what was not under the integrity secret of now. */
  async run(signal: AbortSignal): Promise<FullCheckReport> {
    const { version } = await this.secrets.get("integrity");
    let checkedRows = 0;
    let tamperedRows = 0;
    const note = (table: string, id: string) => {
      if (tamperedRows++ < MOST_NAMED)
        this.log.error({ table, row: id }, "a row was tampered with");
    };
    for (const table of SIGNED_TABLES) checkedRows += await this.checkTable(table, signal, note);
    for (const [table, query] of MISSING) {
      signal.throwIfAborted();
      const { rows } = (await this.database.background.execute(query)) as unknown as {
        rows: { id: string }[];
      };
      for (const { id } of rows) note(table, id);
    }
    await this.dropFormerSecrets(version);
    return { checkedRows, tamperedRows };
  }

  /** @returns how many rows there are. */
  private async checkTable(
    table: SignedTable,
    signal: AbortSignal,
    note: (table: string, id: string) => void,
  ): Promise<number> {
    const orm = this.database.background;
    for (let after: any, count = 0; ;) {
      signal.throwIfAborted();
      const rows = await table.read(orm, after, BATCH);
      for (const row of rows) {
        if (!(await table.isIntact(this.integrity, row))) note(table.name, table.idOf(row));
        else if (!(await this.integrity.isCurrent(row.mac))) {
          await table.replaceCode(orm, row, await table.code(this.integrity, row));
        }
      }
      count += rows.length;
      if (rows.length < BATCH) return count;
      after = rows.at(-1);
      // Between requests, not in their way.
      await nextTurn();
    }
  }

  /** What was intact is under this version now, so that codes under former ones prove nothing. */
  private async dropFormerSecrets(version: number): Promise<void> {
    for (const former of await this.secrets.ring("integrity")) {
      if (former.version >= version) continue;
      await this.secrets.drop("integrity", former.id);
      this.log.warn({ version: former.version }, "an integrity secret is out of use, and gone");
    }
  }
}
