'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { after, afterEach, before, describe, it } = require('node:test');
const { SHARE_ENV, Worker } = require('node:worker_threads');

const { AwsKmsKeyring, Envelope } = require('../..');
const { startDoctors } = require('../support/doctors');
const { startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');

const ARN = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const PACKAGE = JSON.stringify(path.join(__dirname, '..', '..'));
const Plaintext = Buffer.alloc(32, 1).toString('base64');

describe('the variables of a keyring', () => {
  const original = process.env;
  const home = temporaryFolder();
  const asked = [];
  let doctors;
  let kms;
  before(async () => {
    doctors = startDoctors();
    kms = await startFakeKms((operation, body, calls, region) => {
      asked.push(region);
      return { body: { KeyId: ARN, Plaintext, CiphertextBlob: 'AAAA' } };
    });
  });
  afterEach(() => {
    process.env = original;
    delete process.env.AWS_REGION;
    asked.length = 0;
  });
  after(() => {
    doctors?.stop();
    return kms?.stop();
  });
  const base = () => ({
    PATH: original.PATH,
    HOME: home,
    AWS_ACCESS_KEY_ID: 'AKIDTEST',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_KMS: kms.endpoint,
  });
  const encrypt = () =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId: 'alias/app' }) }).encrypt('x');

  /** What is done to process.env, by a program or by what is loaded before doctor. */
  const CHANGES = {
    'a copy of the object': (base) => (process.env = { ...base, AWS_REGION: 'eu-west-1' }),
    'an object without a prototype': (base) => {
      process.env = Object.assign(Object.create(null), base, { AWS_REGION: 'eu-west-1' });
    },
    'a frozen object': (base) =>
      (process.env = Object.freeze({ ...base, AWS_REGION: 'eu-west-1' })),
    'an assignment to a copy': (base) => {
      process.env = { ...base };
      process.env.AWS_REGION = 'eu-west-1';
    },
    'Object.assign to a copy': (base) => {
      process.env = { ...base };
      Object.assign(process.env, { AWS_REGION: 'eu-west-1' });
    },
    'a deleted variable that hid another': (base) => {
      process.env = { ...base, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'eu-west-1' };
      delete process.env.AWS_REGION;
    },
    'an emptied variable that hid another': (base) => {
      process.env = { ...base, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'eu-west-1' };
      process.env.AWS_REGION = '';
    },
    'a variable that is undefined': (base) =>
      (process.env = { ...base, AWS_REGION: undefined, AWS_DEFAULT_REGION: 'eu-west-1' }),
    'a proxy, as test runners have it': (base) =>
      (process.env = new Proxy({ ...base, AWS_REGION: 'eu-west-1' }, {})),
    'a getter': (base) => {
      process.env = { ...base };
      const get = () => 'eu-west-1';
      Object.defineProperty(process.env, 'AWS_REGION', { get, enumerable: true });
    },
    'assignments to the real one': (base) => {
      Object.assign(process.env, base, { AWS_REGION: 'eu-west-1' });
    },
  };
  for (const [what, change] of Object.entries(CHANGES)) {
    it(`are those that JavaScript sees: ${what}`, async () => {
      change(base());
      await encrypt();
      assert.deepEqual(asked, ['eu-west-1']);
    });

    it(`are those that JavaScript sees, for doctor, too: ${what}`, async () => {
      const preload = path.join(home, 'preload.cjs');
      fs.writeFileSync(preload, `(${change})(${JSON.stringify(base())});`);
      const env = { AWS_REGION: 'us-west-2' };
      const { code, checks } = await doctors.examine('alias/app', env, preload);
      assert.equal(code, 0, JSON.stringify(checks));
      assert.deepEqual([...new Set(asked)], ['eu-west-1']);
      assert.match(checks.find(({ name }) => name === 'region').detail, /^eu-west-1, from AWS_/);
    });
  }

  for (const [what, options] of Object.entries({
    'that it was given': () => ({ env: { ...base(), AWS_REGION: 'eu-west-1' } }),
    'that it shares': () => ({ env: SHARE_ENV }),
    'that were copied for it': () => ({}),
  })) {
    it(`are those of a worker ${what}`, async () => {
      Object.assign(process.env, base(), { AWS_REGION: 'eu-west-1' });
      const script = `
        const { parentPort } = require('node:worker_threads');
        const { Envelope } = require(${PACKAGE});
        new Envelope('alias/app').encrypt('x').then(
          () => parentPort.postMessage('works'),
          (error) => parentPort.postMessage(error.message),
        );`;
      const worker = new Worker(script, { eval: true, ...options() });
      assert.equal(await new Promise((resolve) => worker.once('message', resolve)), 'works');
      await worker.terminate();
      assert.deepEqual(asked, ['eu-west-1']);
    });
  }

  for (const [attempts, env, options] of [
    [2, { AWS_MAX_ATTEMPTS: '2' }, {}],
    [1, { AWS_MAX_ATTEMPTS: '1' }, {}],
    [1, { AWS_MAX_ATTEMPTS: '4' }, { maxAttempts: 1 }],
  ]) {
    it(`${JSON.stringify({ ...env, ...options })} makes ${attempts} attempts`, async () => {
      const failing = await startFakeKms(() => ({ status: 500, body: {} }));
      process.env = { ...base(), ...env, AWS_ENDPOINT_URL_KMS: failing.endpoint };
      const envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId: ARN, ...options }) });
      await assert.rejects(envelope.encrypt('x'), { code: 'ERR_ENVELOPE_KMS_INTERNAL' });
      assert.equal(failing.state.calls, attempts);
      await failing.stop();
    });
  }
});
