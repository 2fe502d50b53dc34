// node main.js
import { mkdir } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import express from 'express';
import { envelopeErrors } from 'kms-envelope/express';
import { files } from './files.js';
import { DATA, openEnvelope, openFields } from './keys.js';
import { users } from './users.js';

await mkdir(DATA, { recursive: true });
const envelope = await openEnvelope();
const fields = await openFields(envelope);
const database = await PGlite.create(`${DATA}/database`);

const app = express();
const { routes, signedIn } = await users(database, fields);
app.use('/users', routes);
app.use('/files', files(envelope, signedIn));
// The file of another user is not found.
app.use(envelopeErrors({ statuses: { ERR_ENVELOPE_CONTEXT_MISMATCH: 404 } }));

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error;
  console.log(`http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', () => {
  server.close(async () => {
    fields.close();
    envelope.clearCache();
    await database.close();
  });
  server.closeIdleConnections();
});
