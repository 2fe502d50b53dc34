import { mkdirSync } from "node:fs";
import { FolderKeysetStore } from "kms-envelope";

/** The folder of the keys, the database and the uploaded files. */
export const DATA = process.env.DATA ?? "data";
mkdirSync(`${DATA}/keys`, { recursive: true });

/** The envelope; a file that is read in many ranges asks the key service once. */
export const ENVELOPE = {
  keyId: process.env.ENCRYPTION_KEY_ID ?? "local:dev.key",
  cache: { maxAgeMs: 60_000 },
};

/** The keys of the columns, which lie encrypted in a folder that several processes share. */
export const FIELDS = {
  store: new FolderKeysetStore(`${DATA}/keys`),
  tenant: "app",
  create: true,
  // How long it may take until every running process knows a new key.
  refreshMs: Number(process.env.REFRESH_MS ?? 60_000),
};
