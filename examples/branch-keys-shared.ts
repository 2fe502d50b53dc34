// What the storages of branch keys in PostgreSQL and in SQLite have in common.
import {
  BranchKeyStore,
  Envelope,
  HierarchicalKeyring,
  type BranchKeyItem,
  type BranchKeyStorage,
} from "kms-envelope";

/** A row of the table `branch_keys`. */
export interface BranchKeyRow {
  branch_key_id: string;
  type: string;
  enc: Uint8Array;
  /** An object as JSON, in a column of text. */
  attributes: string;
}

export function itemOf({
  branch_key_id: branchKeyId,
  type,
  enc,
  attributes,
}: BranchKeyRow): BranchKeyItem {
  return { branchKeyId, type, enc, attributes: JSON.parse(attributes) };
}

/** Makes a branch key in the storage, then encrypts a greeting under it and decrypts that. */
export async function tryStorage(
  storage: BranchKeyStorage,
  kmsKeyId: string,
  branchKeyId: string,
): Promise<string> {
  const branchKeyStore = new BranchKeyStore({ storage, logicalName: "tenants", kmsKeyId });
  await branchKeyStore.createTable();
  await branchKeyStore.create({ branchKeyId, encryptionContext: { tenant: branchKeyId } });
  const keyring = new HierarchicalKeyring({ branchKeyStore, branchKeyId });
  const envelope = new Envelope({ keyring });
  const message = await envelope.encrypt(`hello, ${branchKeyId}`);
  return String(await envelope.decrypt(message));
}
