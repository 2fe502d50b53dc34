'use strict';

// KMS and DynamoDB for a fleet: as much of them as it calls, fast enough for a call a message. It counts
// the calls; its parent, which sends `read`, is told how many there were since the last time.
const crypto = require('node:crypto');
const http = require('node:http');

const NONCE = 12;
const TAG = 16;
const key = crypto.randomBytes(32);
/** The items of the table, by their keys. */
const items = new Map();
let counts = { kms: 0, dynamoDb: 0 };

const operations = {
  GenerateDataKey: ({ KeyId, NumberOfBytes = 32, EncryptionContext }) => {
    const plaintext = crypto.randomBytes(NumberOfBytes);
    const CiphertextBlob = wrap(plaintext, EncryptionContext);
    return { KeyId, Plaintext: plaintext.toString('base64'), CiphertextBlob };
  },
  GenerateDataKeyWithoutPlaintext: ({ KeyId, NumberOfBytes, EncryptionContext }) => ({
    KeyId,
    CiphertextBlob: wrap(crypto.randomBytes(NumberOfBytes), EncryptionContext),
  }),
  Decrypt: ({ KeyId, CiphertextBlob, EncryptionContext }) => ({
    KeyId,
    Plaintext: unwrap(CiphertextBlob, EncryptionContext).toString('base64'),
    EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
  }),
  ReEncrypt: (request) => {
    const plaintext = unwrap(request.CiphertextBlob, request.SourceEncryptionContext);
    const { SourceKeyId, DestinationKeyId: KeyId, DestinationEncryptionContext: context } = request;
    return { SourceKeyId, KeyId, CiphertextBlob: wrap(plaintext, context) };
  },
  GetItem: ({ Key }) => ({ Item: items.get(nameOf(Key)) }),
  TransactWriteItems: ({ TransactItems }) => {
    for (const { Put } of TransactItems) items.set(nameOf(Put.Item), Put.Item);
    return {};
  },
};

function nameOf({ 'branch-key-id': id, type }) {
  return JSON.stringify([id.S, type.S]);
}

function aadOf(context = {}) {
  return Buffer.from(JSON.stringify(Object.entries(context).sort()));
}

function wrap(plaintext, context) {
  const nonce = crypto.randomBytes(NONCE);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce).setAAD(aadOf(context));
  const sealed = [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([nonce, ...sealed]).toString('base64');
}

function unwrap(blob, context) {
  const bytes = Buffer.from(blob, 'base64');
  const nonce = bytes.subarray(0, NONCE);
  const cipher = crypto.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  cipher.setAAD(aadOf(context)).setAuthTag(bytes.subarray(-TAG));
  return Buffer.concat([cipher.update(bytes.subarray(NONCE, -TAG)), cipher.final()]);
}

const server = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const [service, operation] = request.headers['x-amz-target'].split('.');
  counts[service.startsWith('DynamoDB') ? 'dynamoDb' : 'kms'] += 1;
  const answer = JSON.stringify(operations[operation](JSON.parse(Buffer.concat(chunks))));
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(answer);
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
process.on('message', () => {
  process.send(counts);
  counts = { kms: 0, dynamoDb: 0 };
});
process.on('disconnect', () => process.exit());
