'use strict';

const crypto = require('node:crypto');
const http = require('node:http');

const { CONTEXT } = require('../lib/keys');
const { KMS_ANSWER } = require('../lib/kms-answer');

const KeyId = KMS_ANSWER.KeyId;
const data = Buffer.alloc(256, 'a record ');

/**
 * Who calls KMS for a data key: each returns what makes one call, and perhaps a message of 256 bytes with it.
 *
 * @type {Record<string, (endpoint: string) => () => Promise<unknown>>}
 */
const PARTIES = {
  'kms-envelope': (endpoint) => {
    const { AwsKmsKeyring, Envelope } = require('../..');
    const envelope = new Envelope({
      keyring: new AwsKmsKeyring({ keyId: KeyId, endpoint, credentials }),
    });
    return () => envelope.encrypt(data, { encryptionContext: CONTEXT });
  },
  'client-kms and node:crypto': (endpoint) => {
    const { GenerateDataKeyCommand, KMSClient } = require('@aws-sdk/client-kms');
    const client = new KMSClient({ endpoint, credentials, region: 'us-east-1' });
    return async () => {
      const command = { KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT };
      const { Plaintext, CiphertextBlob } = await client.send(new GenerateDataKeyCommand(command));
      return sealed(Plaintext, CiphertextBlob);
    };
  },
  'node:http, a bare request': (endpoint) => {
    const agent = new http.Agent({ keepAlive: true });
    const { hostname, port } = new URL(endpoint);
    const body = JSON.stringify({ EncryptionContext: CONTEXT, KeyId, NumberOfBytes: 32 });
    const headers = { ...HEADERS, 'content-length': Buffer.byteLength(body) };
    const options = { agent, hostname, port, method: 'POST', headers };
    return () =>
      new Promise((resolve, reject) => {
        const request = http.request(options, (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(JSON.parse(Buffer.concat(chunks))));
        });
        request.on('error', reject).end(body);
      });
  },
};

const credentials = { accessKeyId: 'benchmark', secretAccessKey: 'benchmark' };
const HEADERS = {
  'content-type': 'application/x-amz-json-1.1',
  'x-amz-target': 'TrentService.GenerateDataKey',
};

/** AES-256-GCM by hand, with the context as associated data. */
function sealed(key, wrapped) {
  const nonce = crypto.randomBytes(12);
  const cipher = crypto.createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(Buffer.from(JSON.stringify(CONTEXT)));
  const body = [cipher.update(data), cipher.final()];
  key.fill(0);
  return Buffer.concat([wrapped, nonce, ...body, cipher.getAuthTag()]);
}

module.exports = { PARTIES };
