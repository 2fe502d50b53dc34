'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const arn = (id, region = 'eu-west-1') => `arn:aws:kms:${region}:111122223333:key/${id}`;

describe('what KMS may answer to KMS keyrings (injected)', () => {
  let fake;
  let answer;
  const keyring = (options) =>
    new AwsKmsKeyring({ endpoint: fake.endpoint, maxAttempts: 1, ...options });
  const envelope = (options) => new Envelope({ keyring: keyring(options) });
  const [first, second] = [arn('1111'), arn('2222', 'us-east-1')];
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');
  const agree = (_, { KeyId }) => ({ body: { KeyId, Plaintext, CiphertextBlob } });
  const strict = (options) => envelope({ keyId: first, additionalKeyIds: [second], ...options });

  before(async () => (fake = await startFakeKms((...call) => answer(...call))));
  after(() => fake.stop());

  it('gives Encrypt the data key that GenerateDataKey made, and every call the grant tokens', async () => {
    const asked = [];
    answer = (operation, body) => {
      asked.push([operation, body.KeyId, body.Plaintext, body.GrantTokens]);
      return agree(operation, body);
    };
    const grantTokens = ['one', 'two'];
    await strict({ grantTokens }).decrypt(await strict({ grantTokens }).encrypt('x'));
    assert.deepEqual(asked, [
      ['GenerateDataKey', first, undefined, grantTokens],
      ['Encrypt', second, Plaintext, grantTokens],
      ['Decrypt', first, undefined, grantTokens],
    ]);
  });

  for (const [what, KeyId] of Object.entries({
    'no key': undefined,
    'an alias': first.replace('key/1111', 'alias/app'),
    'another key': arn('3333'),
  })) {
    it(`${what} named in the answer to Encrypt: KMS_INTERNAL, and nothing is used`, async () => {
      answer = (operation, body) =>
        operation === 'Encrypt' ? agree(operation, { KeyId }) : agree(operation, body);
      const error = await rejection(strict().encrypt('x'), 'KMS_INTERNAL');
      assert.ok(error.message.includes('Encrypt') && error.message.includes(second));
    });
  }

  it('no wrapped data key in the answer to Encrypt: KMS_INTERNAL', async () => {
    for (const none of [undefined, '']) {
      answer = (operation, { KeyId }) => {
        const { body } = agree(operation, { KeyId });
        return { body: operation === 'Encrypt' ? { ...body, CiphertextBlob: none } : body };
      };
      await rejection(strict().encrypt('x'), 'KMS_INTERNAL');
    }
  });

  it('another key in the answer to GenerateDataKey: KMS_INTERNAL', async () => {
    answer = (operation) => agree(operation, { KeyId: arn('3333') });
    await rejection(envelope({ keyId: first }).encrypt('x'), 'KMS_INTERNAL');
    await rejection(envelope({ keyId: first }).generateDataKey(), 'KMS_INTERNAL');
    await rejection(envelope({ keyId: first }).decryptDataKey('x'), 'KMS_INTERNAL');
  });

  it('another key, or a data key of another length, when discovering: KMS_INTERNAL', async () => {
    answer = agree;
    const message = await envelope({ keyId: first }).encrypt('x');
    const any = envelope({ discovery: true });
    assert.equal(String(await any.decrypt(message)), 'x');
    answer = (operation) => agree(operation, { KeyId: second });
    await rejection(any.decrypt(message), 'KMS_INTERNAL');
    answer = (_, { KeyId }) => ({ body: { KeyId, Plaintext: Plaintext.slice(0, 20) } });
    await rejection(any.decrypt(message), 'KMS_INTERNAL');
  });

  it('another key, or none, in the answer to ReEncrypt: KMS_INTERNAL', async () => {
    const third = arn('3333');
    const good = { SourceKeyId: first, KeyId: third, CiphertextBlob };
    const rewrapped = (options) =>
      envelope({ keyId: first }).rewrapDataKey('x', envelope({ keyId: third }), options);
    const asked = [];
    answer = (_, body) => asked.push(body) && { body: good };
    const options = { encryptionContext: { a: '1' }, newEncryptionContext: { b: '2' } };
    assert.equal((await rewrapped(options)).keyId, third);
    const [{ SourceEncryptionContext, DestinationEncryptionContext }] = asked;
    assert.deepEqual(
      [SourceEncryptionContext, DestinationEncryptionContext],
      [{ a: '1' }, { b: '2' }],
    );
    for (const wrong of [
      { SourceKeyId: third },
      { SourceKeyId: undefined },
      { KeyId: undefined },
      { KeyId: 'alias/app' },
      { CiphertextBlob: '' },
    ]) {
      answer = () => ({ body: { ...good, ...wrong } });
      await rejection(rewrapped(), 'KMS_INTERNAL');
    }
  });

  it('nothing about a data key that is to be wrapped under a key of another Region: it is not asked', async () => {
    answer = () => assert.fail('KMS was asked');
    const there = envelope({ keyId: second });
    const refused = envelope({ keyId: first }).rewrapDataKey('x', there);
    const { message } = await rejection(refused, 'INVALID_ARGUMENT');
    assert.match(message, /same Region, which is eu-west-1/);
  });

  it('gives the credentials of the Region of the first key, whichever key a message is under', async () => {
    answer = agree;
    const message = await envelope({ keyId: second }).encrypt('x');
    const regions = [];
    const credentials = async ({ callerClientConfig }) => {
      regions.push(await callerClientConfig.region());
      return { accessKeyId: 'AKIDTEST', secretAccessKey: 'test' };
    };
    assert.equal(String(await strict({ credentials }).decrypt(message)), 'x');
    assert.deepEqual(regions, ['eu-west-1']);
  });

  it('says which permission is missing, and gives the id of the request', async () => {
    for (const operation of ['GenerateDataKey', 'Encrypt']) {
      answer = (asked, body) =>
        asked === operation ? refusal('AccessDeniedException') : agree(asked, body);
      const error = await rejection(strict().encrypt('x'), 'KMS_ACCESS_DENIED');
      assert.match(error.message, new RegExp(`allow kms:${operation} `));
      assert.equal(error.requestId, `request-${fake.state.calls}`);
    }
  });

  it('an AbortSignal ends the call in flight, whichever key it is for', async () => {
    const controller = new AbortController();
    const asked = [];
    answer = (operation, body) => {
      asked.push(operation);
      if (operation === 'GenerateDataKey') return agree(operation, body);
      controller.abort();
      return { never: true };
    };
    const keys = strict({ additionalKeyIds: [second, arn('3333')] });
    await rejection(keys.encrypt('x', { signal: controller.signal }), 'ABORTED');
    assert.deepEqual(asked, ['GenerateDataKey', 'Encrypt']);
  });

  it('is retryable if one of the keys may answer later', async () => {
    answer = agree;
    const message = await strict().encrypt('x');
    answer = (_, { KeyId }) =>
      refusal(KeyId === first ? 'DisabledException' : 'ThrottlingException');
    const error = await rejection(strict().decrypt(message), 'NO_USABLE_KEY');
    const codes = error.errors.map(({ code }) => code.replace('ERR_ENVELOPE_', ''));
    assert.deepEqual(codes, ['KMS_KEY_DISABLED', 'KMS_THROTTLED']);
    assert.equal(error.retryable, true);
  });

  it('a hundred made-up Regions in a message are asked, and leave a short error and a working keyring', async () => {
    answer = agree;
    const names = Array.from({ length: 100 }, (_, i) => arn('1111', `made-up-${i}`));
    const [keyId, ...additionalKeyIds] = names;
    const message = await envelope({ keyId, additionalKeyIds }).encrypt('x');
    const asked = new Set();
    answer = (operation, body, _, region) => {
      asked.add(region);
      return refusal('NotFoundException');
    };
    const any = envelope({ discovery: true });
    const error = await rejection(any.decrypt(message), 'NO_USABLE_KEY');
    assert.deepEqual([error.errors.length, asked.size], [10, 100]);
    assert.match(error.message, /100 data keys/);
    answer = agree;
    assert.equal(String(await any.decrypt(message)), 'x');
  });
});
