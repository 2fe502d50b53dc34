'use strict';

const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const { before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');
const { PEERS, skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

const ROLE = 'arn:aws:iam::123456789012:role/app';

describe(
  'providers of @aws-sdk/credential-providers',
  { skip: skipWithout('python', 'peers') },
  () => {
    const folder = temporaryFolder();
    let providers;
    const moto = temporaryMoto();
    let key;

    before(async () => {
      providers = createRequire(path.join(PEERS, 'x.js'))('@aws-sdk/credential-providers');
      key = await moto.createKey({ region: 'eu-west-1' });
      fs.writeFileSync(
        path.join(folder, 'credentials'),
        '[other]\naws_access_key_id = AKIDFILE\naws_secret_access_key = secret\n',
      );
      Object.assign(process.env, {
        AWS_ACCESS_KEY_ID: 'AKIDENVIRONMENT',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_ENDPOINT_URL_KMS: moto.endpoint,
        AWS_ENDPOINT_URL_STS: moto.endpoint,
        AWS_CONFIG_FILE: path.join(folder, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'),
      });
      delete process.env.AWS_REGION;
      delete process.env.AWS_DEFAULT_REGION;
    });
    beforeEach(() => moto.clearRequests());

    async function calls(credentials) {
      const envelope = new Envelope({
        keyring: new AwsKmsKeyring({ keyId: key.arn, credentials }),
      });
      assert.equal(String(await envelope.decrypt(await envelope.encrypt('x'))), 'x');
      const requests = await moto.requests();
      return requests.map(({ accessKeyId, region, target }) => ({
        accessKeyId,
        call: `${target.split('.').at(-1)} in ${region}`,
      }));
    }

    it('fromTemporaryCredentials assumes its role once, in the Region of the key', async () => {
      const credentials = providers.fromTemporaryCredentials({
        masterCredentials: { accessKeyId: 'AKIDMASTER', secretAccessKey: 'secret' },
        params: { RoleArn: ROLE, RoleSessionName: 'tests' },
      });
      const [assume, ...kms] = await calls(credentials);
      assert.deepEqual(assume, { accessKeyId: 'AKIDMASTER', call: 'AssumeRole in eu-west-1' });
      assert.deepEqual(
        kms.map(({ call }) => call),
        ['GenerateDataKey in eu-west-1', 'Decrypt in eu-west-1'],
      );
      for (const { accessKeyId } of kms) assert.match(accessKeyId, /^ASIA/, 'the keys of the role');
    });

    for (const [name, make, accessKeyId] of [
      ['fromEnv', () => providers.fromEnv(), 'AKIDENVIRONMENT'],
      ['fromIni', () => providers.fromIni({ profile: 'other' }), 'AKIDFILE'],
      ['fromNodeProviderChain', () => providers.fromNodeProviderChain(), 'AKIDENVIRONMENT'],
    ]) {
      it(`${name} gives its keys, as a function and as what it resolves with`, async () => {
        for (const credentials of [make(), await make()()]) {
          await moto.clearRequests();
          const seen = await calls(credentials);
          assert.deepEqual(new Set(seen.map((one) => one.accessKeyId)), new Set([accessKeyId]));
        }
      });
    }

    it('what a provider says of its failure is the cause', async () => {
      const credentials = providers.fromIni({ profile: 'missing' });
      const envelope = new Envelope({
        keyring: new AwsKmsKeyring({ keyId: key.arn, credentials }),
      });
      const error = await rejection(envelope.encrypt('x'), 'KMS_NO_CREDENTIALS');
      assert.match(error.message, /the option `credentials`, but its function failed; see `cause`/);
      assert.match(error.cause.message, /^CredentialsProviderError: .*missing/);
    });
  },
);
