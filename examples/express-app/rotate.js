// Gives the columns a new key while the application runs: adds it, waits until every process knows it, and lets it
// encrypt. Values under the old key can still be read.
import { setTimeout } from 'node:timers/promises';
import { openEnvelope, openFields } from './keys.js';

const fields = await openFields(await openEnvelope());
for (;;) {
  const { keyId, promoted, waitMs } = await fields.rotate();
  if (promoted) {
    console.log(`key ${keyId} encrypts from now on`);
    break;
  }
  console.log(`key ${keyId} is added, and will encrypt in ${waitMs} ms`);
  await setTimeout(waitMs);
}
fields.close();
