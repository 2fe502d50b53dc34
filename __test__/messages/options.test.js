'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');

const { CustomKeyring, Envelope, LocalKeyring, encrypt, inspect } = require('../..');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { rejection, thrown } = require('../support/rejects');

describe('a key and options of an Envelope', () => {
  const file = path.join(temporaryFolder(), 'dev.key');
  const keyring = LocalKeyring.generate(file);
  const key = `local:${file}`;

  it('can be a key string, then the options', () => {
    const message = new Envelope(key, { frameLength: 100 }).encryptSync('x');
    assert.equal(inspect(message).frameLength, 100);
    assert.equal(new Envelope(key, { cache: {} }).stats().cache.entries, 0);
  });

  it('can be one object with keyId', () => {
    const message = new Envelope({ keyId: key, frameLength: 100 }).encryptSync('x');
    assert.equal(inspect(message).frameLength, 100);
  });

  it('can be given to Envelope.open, too, which also takes a signal', async () => {
    const { signal } = new AbortController();
    const envelope = await Envelope.open(key, { frameLength: 100, signal });
    assert.equal(inspect(envelope.encryptSync('x')).frameLength, 100);
    await rejection(Envelope.open(key, { signal: AbortSignal.abort() }), 'ABORTED');
  });

  it('that contradict each other are refused, and say how', () => {
    const wrong = [
      [[key, { keyring }], /a key and a keyring exclude each other/],
      [[{ keyId: key, keyring }], /a key and a keyring exclude each other/],
      [[key, { keyId: key }], /the key is named already/],
      [[{ keyring }, { cache: {} }], /give all options in the first argument/],
    ];
    for (const [given, message] of wrong) {
      assert.match(thrown(() => new Envelope(...given), 'INVALID_ARGUMENT').message, message);
    }
  });

  it('that are wrong are named by the error', () => {
    const wrong = [
      [{ cache: true }, /^cache must be a plain object, such as \{ maxAgeMs/],
      [{ cashe: {} }, /^there is no option "cashe", only: keyring, algorithmSuite/],
      [
        { region: 'eu-west-1' },
        /^region is an option of the keyring: new Envelope\({ keyring: new/,
      ],
      ['alias/app', /^the options must be a plain object/],
      [null, /^the options must be a plain object/],
    ];
    for (const [options, message] of wrong) {
      assert.match(thrown(() => new Envelope(key, options), 'INVALID_ARGUMENT').message, message);
    }
  });
});

describe('a KMS key named by a bare word', () => {
  let fake;
  before(async () => {
    fake = await startFakeKms(() => refusal('NotFoundException'));
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_KMS: fake.endpoint,
    });
  });
  after(() => fake.stop());

  it('that KMS does not know gets the hint that an alias may be meant', async () => {
    process.env.ENCRYPTION_KEY_ID = 'app';
    const { message } = await rejection(encrypt('x'), 'KMS_KEY_NOT_FOUND');
    assert.match(message, /; it is no key id: is "alias\/app" meant\?$/);
  });

  it('that is a key id, an alias or an ARN gets no such hint', async () => {
    const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
    const arn = `arn:aws:kms:eu-west-1:111122223333:key/${id}`;
    for (const key of [id, `mrk-${id.replaceAll('-', '')}`, 'alias/app', arn]) {
      const { message } = await rejection(new Envelope(key).encrypt('x'), 'KMS_KEY_NOT_FOUND');
      assert.doesNotMatch(message, /meant/);
    }
  });
});

describe('a signal', () => {
  it('that has fired by the time the key service has answered ends the call', async () => {
    let controller;
    const keyring = new CustomKeyring({
      providerId: 'quick',
      async wrapDataKey({ dataKey }) {
        const { abort } = AbortController.prototype;
        setImmediate(() => abort.call(controller));
        return { ciphertext: Buffer.from(dataKey), keyName: 'a' };
      },
      unwrapDataKey: async ({ ciphertext }) => ciphertext,
    });
    const envelope = new Envelope({ keyring });
    for (let i = 0; i < 100; i++) {
      controller = new AbortController();
      const { signal } = controller;
      const outcome = await envelope.encrypt('x', { signal }).then(
        () => (signal.aborted ? 'a message in spite of the signal' : 'in time'),
        ({ code }) => code,
      );
      assert.ok(['in time', 'ERR_ENVELOPE_ABORTED'].includes(outcome), outcome);
    }
  });
});
