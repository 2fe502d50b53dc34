// How the types of the integrations are used, without the frameworks themselves.
import { createServer } from 'node:http';
import { Envelope, FolderKeysetStore } from 'kms-envelope';
import { decryptedFile, envelopeErrors } from 'kms-envelope/express';
import { decryptedFile as fastifyFile } from 'kms-envelope/fastify';
import { encryptedTables } from 'kms-envelope/kysely';
import { encryptedDiskStorage, encryptedS3Storage } from 'kms-envelope/multer';
import {
  EnvelopeExceptionFilter,
  EnvelopeHealthIndicator,
  EnvelopeModule,
  FieldsModule,
  InjectColumn,
  InjectEnvelope,
  columnToken,
  defineColumn,
} from 'kms-envelope/nest';
import { EncryptedS3 } from 'kms-envelope/s3';

const envelope = new Envelope('alias/app');

createServer(decryptedFile(envelope, { source: 'film.encrypted', type: 'video/mp4' }));
decryptedFile(envelope, async (request, { signal }) =>
  request.url === '/' && !signal.aborted ? { source: 'film.encrypted' } : undefined,
);
decryptedFile(envelope, { message: await envelope.openMessage('film.encrypted'), inline: true });
fastifyFile(envelope, (request: { params: { id: string } }) => ({ source: request.params.id }));
envelopeErrors({ statuses: { ERR_ENVELOPE_AUTHENTICATION_FAILED: 400 } });
// @ts-expect-error: a source or a message
decryptedFile(envelope, { type: 'video/mp4' });
// @ts-expect-error: no such code
envelopeErrors({ statuses: { ERR_OTHER: 400 } });

encryptedDiskStorage({
  envelope,
  destination: 'uploads',
  encryptionContext: (request) => ({ owner: String(request.user) }),
});
encryptedS3Storage({
  s3: new EncryptedS3({ client: { send: async () => {} }, envelope }),
  bucket: 'b',
});
// @ts-expect-error: where to?
encryptedDiskStorage({ envelope });

EnvelopeModule.forRoot({ keyId: 'alias/app', name: 'uploads', check: false });
EnvelopeModule.forRootAsync({ inject: [String], useFactory: (keyId: string) => ({ keyId }) });
// @ts-expect-error: a key or a keyring
EnvelopeModule.forRoot({ name: 'uploads' });
FieldsModule.forRoot({ store: new FolderKeysetStore('keys'), tenant: 'app', create: true });
const email = defineColumn({ table: 'users', column: 'email', type: 'text', encoding: 'base64' });
const stored: string = email.encrypt('ada@example.org', { row: 1 });
const text: string = email.decrypt(stored, { row: 1 });
FieldsModule.forFeature([email, { table: 'users', column: 'born', type: 'date' }], { fields: 'a' });
const token: symbol = columnToken(email);
const filter = new EnvelopeExceptionFilter({ statuses: { ERR_ENVELOPE_RANGE: 400 } });
const health: { key: { status: 'up' } | { status: 'down'; code: string } } =
  await new EnvelopeHealthIndicator().isHealthy('key', envelope, { maxAgeMs: 1000 });
InjectEnvelope('uploads');
InjectColumn(email);

encryptedTables({ users: { email: { type: 'text', index: { bits: 64 } } } });
// @ts-expect-error: no such type of values
encryptedTables({ users: { email: { type: 'varchar' } } });
