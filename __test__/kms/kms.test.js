'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, encrypt, inspect } = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'us-east-1';

const ARN = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

describe('AWS KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let key;
  let other;
  const envelope = (keyId, options) =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId, endpoint: moto.endpoint, ...options }) });
  const calls = () => moto.operations();

  before(async () => {
    key = await moto.createKey();
    other = await moto.createKey();
    await moto.createAlias('alias/app', key.keyId);
    await moto.createAlias('alias/other', other.keyId);
  });
  beforeEach(() => moto.clearRequests());

  const names = {
    'key id': () => key.keyId,
    'key ARN': () => key.arn,
    alias: () => 'alias/app',
    'alias ARN': () => key.arn.replace(/key\/.*/, 'alias/app'),
  };
  for (const [kind, name] of Object.entries(names)) {
    it(`one call to encrypt and one to decrypt, by ${kind}`, async () => {
      const encryptionContext = { tenant: 'acme' };
      const message = await envelope(name()).encrypt('x', { encryptionContext });
      const plaintext = await envelope(name()).decrypt(message, { encryptionContext });
      assert.equal(plaintext.toString(), 'x');
      const [edk] = inspect(message).encryptedDataKeys;
      assert.deepEqual([edk.keyProviderId, edk.keyName], ['aws-kms', key.arn]);
      const [generate, decrypt, ...more] = await moto.requests();
      assert.deepEqual(await calls(), ['GenerateDataKey', 'Decrypt']);
      assert.equal(more.length, 0);
      assert.equal(generate.keyId, name());
      // As it was configured: a message cannot choose the account that is asked.
      assert.equal(decrypt.keyId, name());
      assert.deepEqual(generate.encryptionContext, encryptionContext);
      assert.deepEqual(decrypt.encryptionContext, encryptionContext);
    });
  }

  it('fails with the reason for a message under another key, without a call', async () => {
    const message = await envelope(other.arn).encrypt('x');
    await moto.clearRequests();
    for (const name of [key.arn, key.keyId]) {
      const error = await rejection(envelope(name).decrypt(message), 'NO_USABLE_KEY');
      assert.ok(error.message.includes(other.arn) && error.message.includes(name));
    }
    assert.deepEqual(await calls(), []);
    // moto's word for it; KMS says IncorrectKeyException.
    await rejection(envelope('alias/app').decrypt(message), 'KMS_ACCESS_DENIED');
  });

  it('binds the encryption context', async () => {
    const message = await envelope(key.arn).encrypt('x', { encryptionContext: { tenant: 'acme' } });
    const changed = Buffer.from(message.toString('latin1').replace('acme', 'evil'), 'latin1');
    const error = await rejection(envelope(key.arn).decrypt(changed), 'KMS_INVALID_CIPHERTEXT');
    assert.match(error.cause.message, /InvalidCiphertext/);
  });

  it('gives data keys as KMS does', async () => {
    const encryptionContext = { purpose: 'test' };
    for (const [options, length] of [
      [{}, 32],
      [{ keySpec: 'AES_128' }, 16],
      [{ numberOfBytes: 64 }, 64],
    ]) {
      const made = await envelope('alias/app').generateDataKey({ ...options, encryptionContext });
      assert.equal(made.plaintext.length, length);
      assert.equal(made.keyId, key.arn);
      assert.ok(made.ciphertextBlob.length > length);
      const back = await envelope(key.arn).decryptDataKey(made.ciphertextBlob, {
        encryptionContext,
      });
      assert.deepEqual(back.plaintext, made.plaintext);
      assert.equal(back.keyId, key.arn);
      // KMS itself agrees, asked without us.
      const { Plaintext } = await moto.kms('Decrypt', {
        CiphertextBlob: made.ciphertextBlob.toString('base64'),
        EncryptionContext: encryptionContext,
      });
      assert.equal(Plaintext, made.plaintext.toString('base64'));
    }
  });

  it('says that a key is not there', async () => {
    const missing = key.keyId.replace(/^./, (first) => (first === 'f' ? 'e' : 'f'));
    for (const name of [missing, 'alias/none']) {
      const error = await rejection(envelope(name).encrypt('x'), 'KMS_KEY_NOT_FOUND');
      assert.ok(error.message.includes(name));
      assert.ok(error.requestId);
      assert.equal(error.retryable, false);
      assert.doesNotMatch(error.message, /meant/);
    }
  });

  it('says which alias is meant, most likely, where a name is no key id', async () => {
    const variables = {
      ENCRYPTION_KEY_ID: 'app',
      AWS_ENDPOINT_URL_KMS: moto.endpoint,
    };
    Object.assign(process.env, variables);
    try {
      const error = await rejection(encrypt('x'), 'KMS_KEY_NOT_FOUND');
      assert.match(error.message, /; it is no key id: is "alias\/app" meant\?$/);
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
    }
  });

  it('needs the Region of the key', async () => {
    const there = envelope(key.keyId, { region: 'eu-west-1' });
    await rejection(there.encrypt('x'), 'KMS_KEY_NOT_FOUND');
    const message = await envelope(key.arn).encrypt('x');
    const error = await rejection(
      envelope('alias/app', { region: 'eu-west-1' }).decrypt(message),
      'NO_USABLE_KEY',
    );
    assert.ok(error.message.includes(key.arn));
  });

  it('takes the Region of an ARN, whatever the environment says', async () => {
    const far = await moto.createKey({ region: 'ap-southeast-2' });
    const message = await envelope(far.arn).encrypt('x');
    assert.equal((await envelope(far.arn).decrypt(message)).toString(), 'x');
    const regions = (await moto.requests()).map(({ region }) => region);
    assert.deepEqual(regions, ['ap-southeast-2', 'ap-southeast-2']);
  });
});

describe('what KMS may answer (injected)', () => {
  let fake;
  let answer;
  const envelope = (options) =>
    new Envelope({
      keyring: new AwsKmsKeyring({ keyId: ARN, endpoint: fake.endpoint, ...options }),
    });

  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  beforeEach(() => (fake.state.calls = 0));
  after(() => fake.stop());

  for (const [type, code] of [
    ['AccessDeniedException', 'KMS_ACCESS_DENIED'],
    ['DisabledException', 'KMS_KEY_DISABLED'],
    ['NotFoundException', 'KMS_KEY_NOT_FOUND'],
    ['KMSInvalidStateException', 'KMS_KEY_STATE'],
    ['InvalidKeyUsageException', 'KMS_KEY_USAGE'],
    ['IncorrectKeyException', 'KMS_WRONG_KEY'],
    ['InvalidCiphertextException', 'KMS_INVALID_CIPHERTEXT'],
    ['UnrecognizedClientException', 'KMS_BAD_CREDENTIALS'],
    ['ExpiredTokenException', 'KMS_BAD_CREDENTIALS'],
    // Of a clock that is wrong, here or there.
    ['InvalidSignatureException', 'KMS_BAD_CREDENTIALS'],
    ['RequestTimeTooSkewed', 'KMS_BAD_CREDENTIALS'],
    ['ValidationException', 'KMS_REJECTED'],
  ]) {
    it(`${type}: one call, and ${code}`, async () => {
      answer = () => refusal(type);
      const error = await rejection(envelope().encrypt('x'), code);
      assert.equal(fake.state.calls, 1);
      assert.equal(error.requestId, 'request-1');
      assert.equal(error.retryable, false);
      assert.ok(error.message.includes(ARN));
    });
  }

  for (const [type, status, code] of [
    ['ThrottlingException', 400, 'KMS_THROTTLED'],
    ['KMSInternalException', 500, 'KMS_INTERNAL'],
    ['ServiceUnavailable', 503, 'KMS_INTERNAL'],
  ]) {
    it(`${type}: as many calls as maxAttempts, and ${code}`, async () => {
      answer = () => refusal(type, status);
      assert.equal((await rejection(envelope().encrypt('x'), code)).retryable, true);
      assert.equal(fake.state.calls, 3);
      await rejection(envelope({ maxAttempts: 1 }).encrypt('x'), code);
      assert.equal(fake.state.calls, 4);
    });
  }

  it('a reset connection: KMS_UNREACHABLE', async () => {
    answer = () => ({ reset: true });
    const error = await rejection(envelope({ maxAttempts: 1 }).encrypt('x'), 'KMS_UNREACHABLE');
    assert.equal(error.retryable, true);
  });

  it('nothing listening: KMS_UNREACHABLE', async () => {
    const closed = await startFakeKms(() => ({}));
    await closed.stop();
    const refused = envelope({ endpoint: closed.endpoint, maxAttempts: 1 }).encrypt('x');
    await rejection(refused, 'KMS_UNREACHABLE');
  });

  it('no answer: KMS_TIMEOUT', async () => {
    answer = () => ({ never: true });
    const error = await rejection(envelope({ timeoutMs: 300 }).encrypt('x'), 'KMS_TIMEOUT');
    assert.equal(error.retryable, true);
  });

  it('an AbortSignal ends the call in flight', async () => {
    const controller = new AbortController();
    answer = () => {
      controller.abort();
      return { never: true };
    };
    const closed = fake.state.closed;
    for (const call of ['encrypt', 'generateDataKey']) {
      const args = call === 'encrypt' ? ['x'] : [];
      const aborted = envelope()[call](...args, { signal: controller.signal });
      await rejection(aborted, 'ABORTED');
    }
    assert.equal(fake.state.calls, 1, 'the second never began');
    while (fake.state.closed === closed) await new Promise(setImmediate);
  });

  const plaintext = Buffer.alloc(32, 1).toString('base64');
  const blob = Buffer.alloc(100, 2).toString('base64');
  const good = { KeyId: ARN, Plaintext: plaintext, CiphertextBlob: blob };
  for (const [what, body] of Object.entries({
    'malformed JSON': '{"KeyId": "',
    'an empty answer': {},
    'no data key': { ...good, Plaintext: undefined },
    'a data key of another length': { ...good, Plaintext: plaintext.slice(0, 20) },
    'no wrapped data key': { ...good, CiphertextBlob: undefined },
    'a key that is no ARN': { ...good, KeyId: 'alias/app' },
  })) {
    it(`${what}: KMS_INTERNAL, and nothing is used`, async () => {
      answer = () => ({ body });
      await rejection(envelope({ maxAttempts: 1 }).encrypt('x'), 'KMS_INTERNAL');
    });
  }

  it("another key's answer to Decrypt: KMS_INTERNAL", async () => {
    answer = () => ({ body: { ...good, KeyMaterialId: 'ab' } });
    const message = await envelope().encrypt('x');
    assert.equal((await envelope().decrypt(message)).toString(), 'x');
    assert.equal((await envelope().generateDataKey()).keyMaterialId, 'ab');
    answer = () => ({ body: { ...good, KeyId: ARN.replace('1234abcd', '99999999') } });
    await rejection(envelope().decrypt(message), 'KMS_INTERNAL');
  });

  it('another data key: the commitment does not verify', async () => {
    answer = () => ({ body: good });
    const message = await envelope().encrypt('x');
    answer = () => ({ body: { ...good, Plaintext: Buffer.alloc(32, 9).toString('base64') } });
    await rejection(envelope().decrypt(message), 'AUTHENTICATION_FAILED');
  });
});
