'use strict';

const assert = require('node:assert/strict');
const { after, before, describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope } = require('../..');
const { flipLastByte } = require('../support/edits');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { startLocalStack } = require('../support/localstack');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

describe('the states of KMS keys (LocalStack)', { skip: skipWithout('localstack') }, () => {
  let stack;

  before(async () => (stack = await startLocalStack()));
  after(() => stack?.stop());

  it('an enabled key opens, by its id, ARN, alias and alias ARN', async () => {
    const { Arn, KeyId } = await createKey();
    await stack.kms('CreateAlias', { AliasName: 'alias/app', TargetKeyId: KeyId });
    const aliasArn = Arn.replace(/key\/.*/, 'alias/app');
    for (const keyId of [Arn, KeyId, 'alias/app', aliasArn]) {
      const envelope = await Envelope.open({ keyring: keyring(keyId) });
      assert.equal(String(await envelope.decrypt(await envelope.encrypt('x'))), 'x');
    }
  });

  it('a key that is not there: KMS_KEY_NOT_FOUND', async () => {
    const { Arn } = await createKey();
    await unusable(Arn.replace(/[0-9a-f]{12}$/, '000000000000'), 'KMS_KEY_NOT_FOUND');
    await unusable('alias/nobody', 'KMS_KEY_NOT_FOUND');
  });

  it('a disabled key: KMS_KEY_DISABLED, until it is enabled again', async () => {
    const { Arn } = await createKey();
    const envelope = new Envelope({ keyring: keyring(Arn) });
    const message = await envelope.encrypt('x');
    await stack.kms('DisableKey', { KeyId: Arn });
    await unusable(Arn, 'KMS_KEY_DISABLED');
    await rejection(envelope.decrypt(message), 'KMS_KEY_DISABLED');
    await stack.kms('EnableKey', { KeyId: Arn });
    assert.equal(String(await envelope.decrypt(message)), 'x');
  });

  it('a key that is to be deleted: KMS_KEY_STATE, until that is cancelled', async () => {
    const { Arn } = await createKey();
    const envelope = new Envelope({ keyring: keyring(Arn) });
    const message = await envelope.encrypt('x');
    await stack.kms('ScheduleKeyDeletion', { KeyId: Arn, PendingWindowInDays: 7 });
    await unusable(Arn, 'KMS_KEY_STATE');
    await rejection(envelope.decrypt(message), 'KMS_KEY_STATE');
    await stack.kms('CancelKeyDeletion', { KeyId: Arn });
    await stack.kms('EnableKey', { KeyId: Arn });
    assert.equal(String(await envelope.decrypt(message)), 'x');
  });

  it('a key that is not symmetric, or for something else: KMS_KEY_USAGE', async () => {
    for (const kind of [
      { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' },
      { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
      { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' },
    ]) {
      const { Arn } = await createKey(kind);
      const error = await rejection(Envelope.open({ keyring: keyring(Arn) }), 'KMS_KEY_USAGE');
      assert.ok(error.message.includes(Arn));
    }
  });

  it('a wrong key: KMS_WRONG_KEY; a wrong context or ciphertext: KMS_INVALID_CIPHERTEXT', async () => {
    const [one, other] = [await createKey(), await createKey()];
    const context = { encryptionContext: { tenant: 'a' } };
    const envelope = new Envelope({ keyring: keyring(one.Arn) });
    const { ciphertextBlob } = await envelope.encryptDirect('x', context);
    const stranger = new Envelope({ keyring: keyring(other.Arn) });
    await rejection(stranger.decryptDirect(ciphertextBlob, context), 'KMS_WRONG_KEY');
    await rejection(envelope.decryptDirect(ciphertextBlob), 'KMS_INVALID_CIPHERTEXT');
    const changed = flipLastByte(ciphertextBlob);
    await rejection(envelope.decryptDirect(changed, context), 'KMS_INVALID_CIPHERTEXT');
  });

  it('a replica in another Region reads what the primary wrote', async () => {
    const { Arn } = await createKey({ MultiRegion: true });
    const { ReplicaKeyMetadata } = await stack.kms('ReplicateKey', {
      KeyId: Arn,
      ReplicaRegion: 'eu-west-1',
    });
    const primary = await Envelope.open({ keyring: keyring(Arn, { multiRegion: true }) });
    const replica = await Envelope.open({
      keyring: keyring(ReplicaKeyMetadata.Arn, { multiRegion: true }),
    });
    const message = await primary.encrypt('x');
    assert.equal(String(await replica.decrypt(message)), 'x');
    assert.equal(String(await primary.decrypt(await replica.encrypt('y'))), 'y');
    const apart = new Envelope({ keyring: keyring(ReplicaKeyMetadata.Arn) });
    await rejection(apart.decrypt(message), 'NO_USABLE_KEY');
  });

  it('data keys from before an on-demand rotation still decrypt', async () => {
    const { Arn } = await createKey();
    const envelope = new Envelope({ keyring: keyring(Arn) });
    const before = [
      await envelope.encrypt('x'),
      (await envelope.encryptDirect('x')).ciphertextBlob,
    ];
    await stack.kms('RotateKeyOnDemand', { KeyId: Arn });
    const after = [await envelope.encrypt('x'), (await envelope.encryptDirect('x')).ciphertextBlob];
    for (const [message, blob] of [before, after]) {
      assert.equal(String(await envelope.decrypt(message)), 'x');
      assert.equal(String((await envelope.decryptDirect(blob)).plaintext), 'x');
    }
  });

  async function createKey(kind = {}) {
    return (await stack.kms('CreateKey', kind)).KeyMetadata;
  }

  async function unusable(keyId, code) {
    const error = await rejection(Envelope.open({ keyring: keyring(keyId) }), code);
    assert.ok(error.message.includes(keyId));
    await rejection(new Envelope({ keyring: keyring(keyId) }).encrypt('x'), code);
  }

  function keyring(keyId, options = {}) {
    const region = keyId.startsWith('arn:') ? {} : { region: 'us-east-1' };
    return new AwsKmsKeyring({ keyId, endpoint: stack.endpoint, ...region, ...options });
  }
});

describe('Envelope.open (injected)', () => {
  const ARN = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const metadata = {
    KeyId: ARN.split('/')[1],
    Arn: ARN,
    KeyState: 'Enabled',
    KeyUsage: 'ENCRYPT_DECRYPT',
    KeySpec: 'SYMMETRIC_DEFAULT',
  };
  const dataKey = {
    KeyId: ARN,
    Plaintext: Buffer.alloc(32, 1).toString('base64'),
    CiphertextBlob: Buffer.alloc(100, 2).toString('base64'),
  };
  let fake;
  let asked;
  let answers;

  before(async () => {
    fake = await startFakeKms((operation) => {
      asked.push(operation);
      return answers[operation] ?? { body: operation === 'DescribeKey' ? {} : dataKey };
    });
  });
  after(() => fake.stop());

  it('asks DescribeKey, once for each key', async () => {
    const other = ARN.replace('1234abcd', '99999999');
    await open({ DescribeKey: { body: { KeyMetadata: metadata } } }, { additionalKeyIds: [other] });
    assert.deepEqual(asked, ['DescribeKey', 'DescribeKey']);
  });

  it('tries the key where DescribeKey is not permitted', async () => {
    const denied = refusal('AccessDeniedException');
    await open({ DescribeKey: denied });
    assert.deepEqual(asked, ['DescribeKey', 'GenerateDataKey', 'Decrypt']);
    await rejection(open({ DescribeKey: denied, GenerateDataKey: denied }), 'KMS_ACCESS_DENIED');
    await rejection(open({ DescribeKey: denied, Decrypt: denied }), 'KMS_ACCESS_DENIED');
    const disabled = refusal('DisabledException');
    await rejection(open({ DescribeKey: denied, GenerateDataKey: disabled }), 'KMS_KEY_DISABLED');
  });

  it('a tried key that unwraps another data key than it wrapped: KMS_INTERNAL', async () => {
    const Plaintext = Buffer.alloc(32, 9).toString('base64');
    const answers = { DescribeKey: refusal('AccessDeniedException') };
    const other = { body: { ...dataKey, Plaintext } };
    const { message } = await rejection(open({ ...answers, Decrypt: other }), 'KMS_INTERNAL');
    assert.match(message, /unwraps another data key/);
  });

  for (const [state, code] of [
    ['Disabled', 'KMS_KEY_DISABLED'],
    ['PendingDeletion', 'KMS_KEY_STATE'],
    ['PendingReplicaDeletion', 'KMS_KEY_STATE'],
    ['PendingImport', 'KMS_KEY_STATE'],
    ['Unavailable', 'KMS_KEY_STATE'],
    ['Creating', 'KMS_KEY_STATE'],
    ['Updating', undefined],
    ['Enabled', undefined],
  ]) {
    it(`${state}: ${code ?? 'it opens'}`, async () => {
      const opened = open({
        DescribeKey: { body: { KeyMetadata: { ...metadata, KeyState: state } } },
      });
      await (code ? rejection(opened, code) : opened);
    });
  }

  it('another usage or key spec: KMS_KEY_USAGE, and the error says which of the two', async () => {
    for (const [wrong, problem] of [
      [{ KeyUsage: 'SIGN_VERIFY' }, /usage is ENCRYPT_DECRYPT/],
      [{ KeySpec: 'RSA_2048' }, /key spec is SYMMETRIC_DEFAULT/],
    ]) {
      const opened = open({ DescribeKey: { body: { KeyMetadata: { ...metadata, ...wrong } } } });
      assert.match((await rejection(opened, 'KMS_KEY_USAGE')).message, problem);
    }
  });

  it('says nothing good of an answer that says nothing', async () => {
    await rejection(open({ DescribeKey: { body: {} } }), 'KMS_INTERNAL');
    await open({ DescribeKey: { body: { KeyMetadata: {} } } });
    assert.deepEqual(asked, ['DescribeKey', 'GenerateDataKey', 'Decrypt'], 'it tries the key');
  });

  it('ends with its signal', async () => {
    const signal = AbortSignal.timeout(50);
    await rejection(open({ DescribeKey: { never: true } }, {}, { signal }), 'ABORTED');
  });

  function open(given, options = {}, call = undefined) {
    answers = given;
    asked = [];
    const kms = { keyId: ARN, endpoint: fake.endpoint, maxAttempts: 1, ...options };
    return Envelope.open({ keyring: new AwsKmsKeyring(kms) }, call);
  }
});
