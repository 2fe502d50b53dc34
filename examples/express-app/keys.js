import { mkdir } from 'node:fs/promises';
import { Envelope, Fields, FolderKeysetStore } from 'kms-envelope';

/** The folder of the keys, the database and the uploaded files. */
export const DATA = process.env.DATA ?? 'data';

/** Opens the envelope; it fails here, and not with the first request, if its key cannot be used. */
export function openEnvelope() {
  return Envelope.open(process.env.ENCRYPTION_KEY_ID ?? 'local:dev.key', {
    // A file that is read in many ranges asks the key service once.
    cache: { maxAgeMs: 60_000 },
  });
}

/** Opens the keys of the columns, which lie encrypted in a folder that several processes share. */
export async function openFields(envelope) {
  await mkdir(`${DATA}/keys`, { recursive: true });
  return Fields.open({
    envelope,
    store: new FolderKeysetStore(`${DATA}/keys`),
    tenant: 'app',
    create: true,
    // How long it may take until every running process knows a new key.
    refreshMs: Number(process.env.REFRESH_MS ?? 60_000),
  });
}
