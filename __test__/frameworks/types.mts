// How the handlers fit the types of the frameworks themselves.
import express from 'express';
import fastify from 'fastify';
import multer from 'multer';
import express4 from 'types-express-4';
import type { Envelope } from '../../index.js';
import { decryptedFile, envelopeErrors } from '../../integrations/express/index.js';
import type { FileSource } from '../../integrations/express/index.js';
import * as forFastify from '../../integrations/fastify/index.js';
import { encryptedDiskStorage } from '../../integrations/multer/index.js';

declare const envelope: Envelope;
const film = { source: 'film.encrypted', type: 'video/mp4' };

for (const app of [express(), express.Router()]) {
  app.get('/film', decryptedFile(envelope, film));
  app.use(envelopeErrors({ statuses: { ERR_ENVELOPE_RANGE: 400 } }));
}
const app = express();
app.get('/files/:id', (request, response, next) =>
  decryptedFile(envelope, { source: request.params.id })(request, response, next),
);
const ofUser: FileSource<express.Request<{ id: string }>> = (request, { signal }) =>
  signal.aborted ? undefined : { source: request.params.id, filename: request.hostname };
app.get('/mine/:id', decryptedFile(envelope, ofUser));
// @ts-expect-error: the request has no such property
decryptedFile(envelope, (request: express.Request) => ({ source: request.nothing }));
const upload = multer({ storage: encryptedDiskStorage({ envelope, destination: 'uploads' }) });
app.post('/files', upload.single('file'), (request, response) => {
  response.json({ size: request.file?.size });
});

const old = express4();
old.get('/film', decryptedFile(envelope, film));
old.get(
  '/files/:id',
  decryptedFile(envelope, (request: express4.Request<{ id: string }>) => ({
    source: request.params.id,
  })),
);
old.use(envelopeErrors());

const server = fastify();
server.get('/film', forFastify.decryptedFile(envelope, film));
server.get<{ Params: { id: string } }>(
  '/files/:id',
  forFastify.decryptedFile(envelope, (request: { params: { id: string } }) => ({
    source: request.params.id,
  })),
);
server.setErrorHandler(forFastify.envelopeErrors());
