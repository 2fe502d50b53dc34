// Branch keys in a table of SQLite, for one machine, in place of one in DynamoDB.
//
//   KMS_KEY_ARN=arn:aws:kms:... node examples/branch-keys-sqlite.ts keys.db tenant-blue
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type {
  BranchKeyItem,
  BranchKeyItemKeys,
  BranchKeyPut,
  BranchKeyStorage,
} from "kms-envelope";
import { itemOf, tryStorage, type BranchKeyRow } from "./branch-keys-shared.ts";

/** SQLite's number for a database that another process is writing to. */
const SQLITE_BUSY = 5;

/** Branch keys in the table `branch_keys`. */
export class SqliteBranchKeyStorage implements BranchKeyStorage {
  readonly #database: DatabaseSync;

  /** @param database that waits for others who write: opened with a `timeout`. */
  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  createTable(): void {
    this.#database.exec(
      `CREATE TABLE IF NOT EXISTS branch_keys (
        branch_key_id TEXT NOT NULL,
        type TEXT NOT NULL,
        enc BLOB NOT NULL,
        attributes TEXT NOT NULL,
        PRIMARY KEY (branch_key_id, type)
      ) STRICT`,
    );
  }

  get({ branchKeyId, type }: BranchKeyItemKeys): BranchKeyItem | undefined {
    const sql = "SELECT * FROM branch_keys WHERE branch_key_id = ? AND type = ?";
    return this.#rows(sql, branchKeyId, type).map(itemOf)[0];
  }

  /** Writes in one transaction and one synchronous call, so that nothing else of this process comes between. */
  write(puts: readonly BranchKeyPut[]): boolean {
    const database = this.#database;
    try {
      // Nobody else writes from here on: what is checked stays the same until it is replaced.
      database.exec("BEGIN IMMEDIATE");
    } catch (error) {
      const { errcode } = error as { errcode?: number };
      throw Object.assign(error as Error, { retryable: errcode === SQLITE_BUSY });
    }
    try {
      const written = puts.every((put) => this.#wrote(put));
      database.exec(written ? "COMMIT" : "ROLLBACK");
      return written;
    } catch (error) {
      database.exec("ROLLBACK");
      throw error;
    }
  }

  items(branchKeyId: string): BranchKeyItem[] {
    return this.#rows("SELECT * FROM branch_keys WHERE branch_key_id = ?", branchKeyId).map(itemOf);
  }

  delete(branchKeyId: string, types: readonly string[]): void {
    const places = types.map(() => "?").join(", ");
    const sql = `DELETE FROM branch_keys WHERE branch_key_id = ? AND type IN (${places})`;
    this.#database.prepare(sql).run(branchKeyId, ...types);
  }

  list(): string[] {
    const rows = this.#rows("SELECT * FROM branch_keys WHERE type = 'branch:ACTIVE'");
    return rows.map(({ branch_key_id: id }) => id);
  }

  /** Writes one item, if its condition holds; returns whether it did. */
  #wrote({ item, previousEnc }: BranchKeyPut): boolean {
    const { branchKeyId, type, enc } = item;
    const attributes = JSON.stringify(item.attributes);
    const { changes } = previousEnc
      ? this.#database
          .prepare(
            `UPDATE branch_keys SET enc = ?, attributes = ?
              WHERE branch_key_id = ? AND type = ? AND enc = ?`,
          )
          .run(enc, attributes, branchKeyId, type, previousEnc)
      : this.#database
          .prepare(
            `INSERT INTO branch_keys (branch_key_id, type, enc, attributes) VALUES (?, ?, ?, ?)
              ON CONFLICT DO NOTHING`,
          )
          .run(branchKeyId, type, enc, attributes);
    return changes === 1;
  }

  #rows(sql: string, ...values: string[]): BranchKeyRow[] {
    return this.#database.prepare(sql).all(...values) as unknown as BranchKeyRow[];
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [file, branchKeyId] = process.argv.slice(2);
  const { KMS_KEY_ARN: kmsKeyId } = process.env;
  if (!file || !branchKeyId || !kmsKeyId) {
    throw new Error("usage: node examples/branch-keys-sqlite.ts FILE BRANCH_KEY_ID");
  }
  const database = new DatabaseSync(file, { timeout: 5000 });
  const storage = new SqliteBranchKeyStorage(database);
  console.log(await tryStorage(storage, kmsKeyId, branchKeyId));
  database.close();
}
