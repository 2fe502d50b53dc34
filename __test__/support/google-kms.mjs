// A stand-in for Google Cloud KMS that speaks its gRPC protocol, and what the example does with it.
import crypto from 'node:crypto';
import { createRequire } from 'node:module';
import { Envelope, inspect } from '../../index.js';
import { googleKmsKeyring } from '../../examples/google-kms.ts';

const require = createRequire(new URL('../../examples/google-kms.ts', import.meta.url));
const grpc = require('@grpc/grpc-js');
const { fromJSON } = require('@grpc/proto-loader');
const { KeyManagementServiceClient } = require('@google-cloud/kms');
const protos = require('@google-cloud/kms/build/protos/protos.json');

const NAME = 'projects/p/locations/europe-west1/keyRings/r/cryptoKeys/k';
const key = crypto.randomBytes(32);
const log = [];
let fault;

const answer = (operation, work) => (call, reply) => {
  log.push(operation);
  if (fault) return reply(fault);
  try {
    reply(null, work(call.request));
  } catch {
    reply({ code: grpc.status.INVALID_ARGUMENT, message: 'Decryption failed' });
  }
};
const crc = (bytes) => ({ value: String(crc32c(bytes)) });

const definition = grpc.loadPackageDefinition(fromJSON(protos, { longs: String }));
const server = new grpc.Server();
server.addService(definition.google.cloud.kms.v1.KeyManagementService.service, {
  Encrypt: answer('Encrypt', ({ name, plaintext, additionalAuthenticatedData, ...request }) => {
    const iv = crypto.randomBytes(12);
    const cipher = crypto
      .createCipheriv('aes-256-gcm', key, iv)
      .setAAD(additionalAuthenticatedData);
    const sealed = Buffer.concat([
      iv,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    return {
      name: `${name}/cryptoKeyVersions/1`,
      ciphertext: sealed,
      ciphertextCrc32c: crc(sealed),
      verifiedPlaintextCrc32c: request.plaintextCrc32c.value === crc(plaintext).value,
      verifiedAdditionalAuthenticatedDataCrc32c:
        request.additionalAuthenticatedDataCrc32c.value === crc(additionalAuthenticatedData).value,
    };
  }),
  Decrypt: answer('Decrypt', ({ ciphertext, additionalAuthenticatedData }) => {
    const decipher = crypto
      .createDecipheriv('aes-256-gcm', key, ciphertext.subarray(0, 12))
      .setAAD(additionalAuthenticatedData)
      .setAuthTag(ciphertext.subarray(-16));
    const plaintext = Buffer.concat([
      decipher.update(ciphertext.subarray(12, -16)),
      decipher.final(),
    ]);
    return { plaintext, plaintextCrc32c: crc(plaintext) };
  }),
});
const credentials = grpc.ServerCredentials.createInsecure();
const port = await new Promise((resolve, reject) => {
  server.bindAsync('127.0.0.1:0', credentials, (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});

const client = new KeyManagementServiceClient({
  apiEndpoint: '127.0.0.1',
  port,
  sslCreds: grpc.credentials.createInsecure(),
});
const envelope = new Envelope({ keyring: googleKmsKeyring(client, NAME) });
const other = new Envelope({ keyring: googleKmsKeyring(client, `${NAME}2`) });
const encryptionContext = { b: '2', a: '1' };
const failure = (promise) =>
  promise.then(
    () => undefined,
    ({ code, retryable }) => ({ code, retryable }),
  );

const message = await envelope.encrypt('hello', { encryptionContext });
const [{ keyProviderId, keyName }] = inspect(message).encryptedDataKeys;
const plaintext = String(await envelope.decrypt(message, { encryptionContext: { a: '1' } }));
const otherKey = await failure(other.decrypt(message));
const { ciphertextBlob } = await envelope.encryptDirect('x', { encryptionContext });
const otherContext = await failure(envelope.decryptDirect(ciphertextBlob));
const operations = log.splice(0);
fault = { code: grpc.status.PERMISSION_DENIED, message: 'denied' };
const denied = await failure(envelope.encrypt('x'));
// Not UNAVAILABLE, which the client tries again for a minute.
fault = { code: grpc.status.INTERNAL, message: 'internal' };
const internal = await failure(
  new Envelope({ keyring: googleKmsKeyring(client, NAME) }).encrypt('x'),
);
console.log(
  JSON.stringify({
    keyProviderId,
    keyName,
    plaintext,
    otherKey,
    otherContext,
    operations,
    denied,
    internal,
  }),
);
await client.close();
server.forceShutdown();

function crc32c(bytes) {
  // Table-driven, unlike the example's.
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0x82f63b78 : n >>> 1;
    return n >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}
