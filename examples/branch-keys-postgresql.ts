// Branch keys in a table of PostgreSQL, in place of one in DynamoDB.
//
//   DATABASE_URL=postgres://... KMS_KEY_ARN=arn:aws:kms:... node examples/branch-keys-postgresql.ts tenant-blue
import { pathToFileURL } from "node:url";
import pg from "pg";
import type {
  BranchKeyItem,
  BranchKeyItemKeys,
  BranchKeyPut,
  BranchKeyStorage,
} from "kms-envelope";
import { itemOf, tryStorage, type BranchKeyRow } from "./branch-keys-shared.ts";

/** The classes of PostgreSQL's errors after which another attempt may succeed: lost connections, conflicts. */
const PASSING = ["08", "40", "53", "57"];

/** Branch keys in the table `branch_keys`. */
export class PostgresBranchKeyStorage implements BranchKeyStorage {
  readonly #pool: pg.Pool;

  /** @param pool of connections to the primary server: what was written must be seen at once. */
  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Makes the table. Attributes are text, so that each byte stays the same; `jsonb` refuses some strings. */
  async createTable(): Promise<void> {
    await this.#rows(
      `CREATE TABLE IF NOT EXISTS branch_keys (
        branch_key_id text COLLATE "C" NOT NULL,
        type text COLLATE "C" NOT NULL,
        enc bytea NOT NULL,
        attributes text NOT NULL,
        PRIMARY KEY (branch_key_id, type)
      )`,
    );
  }

  async get({ branchKeyId, type }: BranchKeyItemKeys): Promise<BranchKeyItem | undefined> {
    const sql = "SELECT * FROM branch_keys WHERE branch_key_id = $1 AND type = $2";
    return (await this.#rows(sql, [branchKeyId, type])).map(itemOf)[0];
  }

  /** Writes in one transaction: a server or a process that dies meanwhile leaves the table as it was. */
  async write(puts: readonly BranchKeyPut[]): Promise<boolean> {
    const client = await this.#pool.connect().catch(explain);
    let broken: Error | undefined;
    try {
      // Only at this level does an update wait for another one, and then check `enc` again.
      await client.query("BEGIN ISOLATION LEVEL READ COMMITTED");
      for (const put of puts) {
        if (await wrote(client, put)) continue;
        await client.query("ROLLBACK");
        return false;
      }
      await client.query("COMMIT");
      return true;
    } catch (error) {
      broken = error as Error;
      return explain(error);
    } finally {
      // A connection that failed is closed, which ends its transaction, too.
      client.release(broken);
    }
  }

  async items(branchKeyId: string): Promise<BranchKeyItem[]> {
    const rows = await this.#rows("SELECT * FROM branch_keys WHERE branch_key_id = $1", [
      branchKeyId,
    ]);
    return rows.map(itemOf);
  }

  async delete(branchKeyId: string, types: readonly string[]): Promise<void> {
    const sql = "DELETE FROM branch_keys WHERE branch_key_id = $1 AND type = ANY($2)";
    await this.#rows(sql, [branchKeyId, types]);
  }

  async list(): Promise<string[]> {
    const rows = await this.#rows(
      "SELECT branch_key_id FROM branch_keys WHERE type = 'branch:ACTIVE'",
    );
    return rows.map(({ branch_key_id: id }) => id);
  }

  async #rows(sql: string, values: unknown[] = []): Promise<BranchKeyRow[]> {
    const { rows } = await this.#pool.query<BranchKeyRow>(sql, values).catch(explain);
    return rows;
  }
}

/** Writes one item, if its condition holds; resolves with whether it did. */
async function wrote(client: pg.PoolClient, { item, previousEnc }: BranchKeyPut): Promise<boolean> {
  const { branchKeyId, type, enc, attributes } = item;
  const values = [branchKeyId, type, enc, JSON.stringify(attributes)];
  const { rowCount } = previousEnc
    ? await client.query(
        `UPDATE branch_keys SET enc = $3, attributes = $4
          WHERE branch_key_id = $1 AND type = $2 AND enc = $5`,
        [...values, previousEnc],
      )
    : await client.query(
        `INSERT INTO branch_keys (branch_key_id, type, enc, attributes) VALUES ($1, $2, $3, $4)
          ON CONFLICT DO NOTHING`,
        values,
      );
  return rowCount === 1;
}

/** Throws the error, and says whether another attempt may succeed. One without PostgreSQL's code is of the connection. */
function explain(error: unknown): never {
  const { code = "08000" } = error as { code?: string };
  const passing = code.length !== 5 || PASSING.includes(code.slice(0, 2));
  throw Object.assign(error as Error, { retryable: passing });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const branchKeyId = process.argv[2];
  const { DATABASE_URL: connectionString, KMS_KEY_ARN: kmsKeyId } = process.env;
  if (!branchKeyId || !connectionString || !kmsKeyId) {
    throw new Error("usage: node examples/branch-keys-postgresql.ts BRANCH_KEY_ID");
  }
  const pool = new pg.Pool({ connectionString });
  const storage = new PostgresBranchKeyStorage(pool);
  console.log(await tryStorage(storage, kmsKeyId, branchKeyId));
  await pool.end();
}
