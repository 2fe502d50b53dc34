'use strict';

const assert = require('node:assert/strict');
const { after, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, inspect } = require('../..');
const { startFakeKms } = require('../support/fake-kms');
const { rejection } = require('../support/rejects');
const { startReplicaKms } = require('../support/replica-kms');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';
process.env.AWS_REGION = 'eu-west-1';

const arn = (id, region, account = '111122223333') => `arn:aws:kms:${region}:${account}:key/${id}`;
const MRK = 'mrk-4321abcd12ab34cd56ef1234567890ab';
const HERE = arn(MRK, 'eu-west-1');
const THERE = arn(MRK, 'us-east-1');
const SINGLE_HERE = arn('1111', 'eu-west-1');
const SINGLE_THERE = arn('2222', 'us-east-1');

describe('multi-Region keys', () => {
  let kms;
  const envelope = (options) =>
    new Envelope({ keyring: new AwsKmsKeyring({ endpoint: kms.endpoint, ...options }) });
  /** A message under these keys, each of which is a key of its own. */
  const underKeys = async (keyId, ...additionalKeyIds) => {
    const message = await envelope({ keyId, additionalKeyIds }).encrypt('x', {
      encryptionContext: { tenant: 'acme' },
    });
    kms.calls.length = 0;
    return message;
  };
  const decrypts = async (options, message) =>
    assert.equal(String(await envelope(options).decrypt(message)), 'x');

  before(async () => (kms = await startReplicaKms()));
  beforeEach(() => (kms.calls.length = 0));
  after(() => kms.stop());

  describe('that are named', () => {
    it('unwrap here what a related key wrapped there', async () => {
      const message = await underKeys(THERE);
      assert.equal(inspect(message).encryptedDataKeys[0].keyName, THERE);
      await decrypts({ keyId: HERE, multiRegion: true }, message);
      await decrypts({ keyId: MRK, multiRegion: true }, message);
      await decrypts({ keyId: MRK, multiRegion: true, region: 'eu-west-1' }, message);
      const names = [HERE, MRK, MRK];
      assert.deepEqual(
        kms.calls,
        names.map((name) => `Decrypt ${name} in eu-west-1`),
      );
    });

    it('are keys of their own without `multiRegion`', async () => {
      const message = await underKeys(THERE);
      for (const keyId of [HERE, MRK]) {
        const error = await rejection(envelope({ keyId }).decrypt(message), 'NO_USABLE_KEY');
        assert.ok(error.message.includes(THERE) && error.message.includes(keyId));
      }
      assert.deepEqual(kms.calls, []);
      await decrypts({ keyId: THERE }, message);
    });

    it('by a bare key id are asked for by that id, and not in the account of a stranger', async () => {
      const stranger = '444455556666';
      const single = await underKeys(arn('1111', 'eu-west-1', stranger));
      const related = await underKeys(arn(MRK, 'us-east-1', stranger));
      for (const [message, keyId] of [
        [single, '1111'],
        [related, MRK],
      ]) {
        kms.calls.length = 0;
        const error = await envelope({ keyId, multiRegion: true })
          .decrypt(message)
          .catch((reason) => reason);
        assert.match(error.code, /^ERR_ENVELOPE_(KMS_WRONG_KEY|KMS_INTERNAL)$/);
        assert.deepEqual(kms.calls, [`Decrypt ${keyId} in eu-west-1`]);
      }
    });

    it('match by all but the Region', async () => {
      const strangers = [
        arn(MRK.replace('4321', '9999'), 'us-east-1'),
        arn(MRK, 'us-east-1', '444455556666'),
        THERE.replace('arn:aws:', 'arn:aws-cn:'),
        SINGLE_THERE,
      ];
      const keyring = envelope({ keyId: HERE, multiRegion: true });
      for (const stranger of strangers) {
        const message = await underKeys(stranger);
        await rejection(keyring.decrypt(message), 'NO_USABLE_KEY');
        assert.deepEqual(kms.calls, []);
      }
    });

    it('leave keys of one Region as they are', async () => {
      const message = await underKeys(SINGLE_THERE);
      const elsewhere = envelope({ keyId: arn('2222', 'eu-west-1'), multiRegion: true });
      await rejection(elsewhere.decrypt(message), 'NO_USABLE_KEY');
      assert.deepEqual(kms.calls, []);
      await decrypts({ keyId: SINGLE_THERE, multiRegion: true }, message);
      assert.deepEqual(kms.calls, [`Decrypt ${SINGLE_THERE} in us-east-1`]);
    });

    it('are one or the other of several keys', async () => {
      const options = { keyId: SINGLE_THERE, additionalKeyIds: [HERE], multiRegion: true };
      const message = await envelope(options).encrypt('x');
      assert.deepEqual(kms.calls.splice(0), [
        `GenerateDataKey ${SINGLE_THERE} in us-east-1`,
        `Encrypt ${HERE} in eu-west-1`,
      ]);
      await decrypts({ keyId: THERE, multiRegion: true }, message);
      assert.deepEqual(kms.calls, [`Decrypt ${THERE} in us-east-1`]);
    });
  });

  describe('that are discovered', () => {
    const discovery = true;

    it('unwrap here what a related key wrapped there', async () => {
      const message = await underKeys(THERE);
      await decrypts({ discovery, multiRegion: true, region: 'eu-west-1' }, message);
      await decrypts({ discovery, multiRegion: true, region: 'ap-south-1' }, message);
      await decrypts({ discovery, multiRegion: true }, message);
      assert.deepEqual(kms.calls, [
        `Decrypt ${HERE} in eu-west-1`,
        `Decrypt ${arn(MRK, 'ap-south-1')} in ap-south-1`,
        `Decrypt ${HERE} in eu-west-1`,
      ]);
    });

    it('are asked where they wrapped without `multiRegion`, or not at all', async () => {
      const message = await underKeys(THERE);
      await decrypts({ discovery }, message);
      assert.deepEqual(kms.calls.splice(0), [`Decrypt ${THERE} in us-east-1`]);
      const elsewhere = envelope({ discovery, region: 'eu-west-1' });
      await rejection(elsewhere.decrypt(message), 'NO_USABLE_KEY');
      assert.deepEqual(kms.calls, []);
    });

    it('leave keys of one Region where they are', async () => {
      const keyring = envelope({ discovery, multiRegion: true, region: 'eu-west-1' });
      await rejection(keyring.decrypt(await underKeys(SINGLE_THERE)), 'NO_USABLE_KEY');
      assert.deepEqual(kms.calls, []);
      assert.equal(String(await keyring.decrypt(await underKeys(SINGLE_HERE))), 'x');
      assert.deepEqual(kms.calls, [`Decrypt ${SINGLE_HERE} in eu-west-1`]);
    });

    it('are filtered like all others', async () => {
      const message = await underKeys(THERE, SINGLE_HERE);
      const filter = (accountId) => ({ partition: 'aws', accountIds: [accountId] });
      const stranger = envelope({ discovery: filter('444455556666'), multiRegion: true });
      await rejection(stranger.decrypt(message), 'NO_USABLE_KEY');
      assert.deepEqual(kms.calls, []);
      await decrypts({ discovery: filter('111122223333'), multiRegion: true }, message);
      assert.deepEqual(kms.calls, [`Decrypt ${HERE} in eu-west-1`]);
    });
  });
});

describe('what KMS may answer under a multi-Region key (injected)', () => {
  const Plaintext = Buffer.alloc(32, 1).toString('base64');
  const CiphertextBlob = Buffer.alloc(100, 2).toString('base64');

  it('a related key of another Region in the answer: KMS_INTERNAL', async (t) => {
    let named;
    const { endpoint, stop } = await startFakeKms((_, { KeyId }) => ({
      body: { KeyId: named ?? KeyId, Plaintext, CiphertextBlob },
    }));
    t.after(stop);
    const envelope = (options) =>
      new Envelope({ keyring: new AwsKmsKeyring({ endpoint, maxAttempts: 1, ...options }) });
    const message = await envelope({ keyId: THERE }).encrypt('x');
    const options = [
      { keyId: HERE, multiRegion: true },
      { discovery: true, multiRegion: true },
    ];
    for (const keyring of options) {
      named = undefined;
      assert.equal(String(await envelope(keyring).decrypt(message)), 'x');
      named = THERE;
      await rejection(envelope(keyring).decrypt(message), 'KMS_INTERNAL');
    }
  });

  it('an alias takes the key that it stands for here', async (t) => {
    const asked = [];
    const { endpoint, stop } = await startFakeKms((operation, { KeyId }, _, region) => {
      asked.push(`${operation} ${KeyId} in ${region}`);
      return { body: { KeyId: arn(MRK, region), Plaintext, CiphertextBlob } };
    });
    t.after(stop);
    const envelope = (options) =>
      new Envelope({ keyring: new AwsKmsKeyring({ endpoint, keyId: 'alias/app', ...options }) });
    const message = await envelope({ region: 'us-east-1' }).encrypt('x');
    assert.equal(String(await envelope({ multiRegion: true }).decrypt(message)), 'x');
    assert.deepEqual(asked, [
      'GenerateDataKey alias/app in us-east-1',
      'Decrypt alias/app in eu-west-1',
    ]);
    await rejection(envelope({}).decrypt(message), 'NO_USABLE_KEY');
  });
});
