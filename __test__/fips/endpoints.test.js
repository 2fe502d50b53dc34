'use strict';

const assert = require('node:assert/strict');
const { once } = require('node:events');
const http = require('node:http');
const { after, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, BranchKeyStore, Envelope } = require('../..');

const KEY = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const SETTINGS = ['AWS_USE_FIPS_ENDPOINT', 'AWS_ENDPOINT_URL_KMS', 'AWS_ENDPOINT_URL_DYNAMODB'];

describe('with the FIPS module, the hosts that are called', () => {
  const asked = [];
  const server = http.createServer();
  // Nobody is reached: the name of the host is all that counts.
  server.on('connect', ({ url }, socket) => {
    asked.push(url);
    socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
  });

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      HTTPS_PROXY: `http://127.0.0.1:${server.address().port}`,
      AWS_CONFIG_FILE: '/no/such/file',
      AWS_SHARED_CREDENTIALS_FILE: '/no/such/file',
    });
  });
  beforeEach(() => {
    asked.length = 0;
    for (const name of SETTINGS) delete process.env[name];
  });
  after(() => server.close());

  it('are the FIPS endpoints of KMS', async () => {
    await encrypt();
    assert.deepEqual(asked, ['kms-fips.eu-west-1.amazonaws.com:443']);
  });

  it('are those of an option or a variable, where one gives an endpoint', async () => {
    await encrypt({ endpoint: 'https://kms.example.invalid' });
    process.env.AWS_ENDPOINT_URL_KMS = 'https://kms.other.invalid';
    await encrypt();
    assert.deepEqual(asked, ['kms.example.invalid:443', 'kms.other.invalid:443']);
  });

  it('are not the FIPS endpoints where AWS_USE_FIPS_ENDPOINT is false', async () => {
    process.env.AWS_USE_FIPS_ENDPOINT = 'false';
    await encrypt();
    assert.deepEqual(asked, ['kms.eu-west-1.amazonaws.com:443']);
  });

  it('are the FIPS endpoints of DynamoDB, unless something gives an endpoint', async () => {
    await readBranchKey();
    await readBranchKey({ endpoint: 'https://table.example.invalid' });
    process.env.AWS_ENDPOINT_URL_DYNAMODB = 'https://table.other.invalid';
    await readBranchKey();
    assert.deepEqual(asked, [
      'dynamodb-fips.eu-west-1.amazonaws.com:443',
      'table.example.invalid:443',
      'table.other.invalid:443',
    ]);
  });

  async function encrypt(options) {
    const keyring = new AwsKmsKeyring({ keyId: KEY, maxAttempts: 1, ...options });
    const encrypted = new Envelope({ keyring }).encrypt('x');
    await assert.rejects(encrypted, { code: 'ERR_ENVELOPE_KMS_UNREACHABLE' });
  }

  async function readBranchKey(options) {
    const store = new BranchKeyStore({
      tableName: 'keys',
      logicalName: 'keys',
      kmsKeyId: KEY,
      region: 'eu-west-1',
      maxAttempts: 1,
      ...options,
    });
    await assert.rejects(store.describe('tenant'), { code: 'ERR_ENVELOPE_KEY_STORE_UNREACHABLE' });
  }
});
