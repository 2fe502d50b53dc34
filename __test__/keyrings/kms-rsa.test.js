'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { AwsKmsRsaKeyring, Envelope, LocalKeyring, MultiKeyring, inspect } = require('../..');
const { withDataKeys } = require('../support/data-keys');
const { refusal, startFakeKms } = require('../support/fake-kms');
const { temporaryFolder } = require('../support/files');
const { startLocalStack } = require('../support/localstack');
const { linkedProject } = require('../support/project');
const { codeBlocks } = require('../support/readme');
const { startPeer } = require('../support/peers');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

const REGION = 'eu-west-1';
const KEY = `arn:aws:kms:${REGION}:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const encryptionContext = { tenant: 'acme', '\u{1f600}': 'x', '\uff5e': 'y' };
const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });

Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const envelopeOf = (options) => new Envelope({ keyring: new AwsKmsRsaKeyring(options) });

describe('AwsKmsRsaKeyring on LocalStack', { skip: skipWithout('localstack') }, () => {
  const folder = temporaryFolder();
  const project = linkedProject();
  let localStack;
  let key;
  let options;
  let publicDer;
  before(async () => {
    localStack = await startLocalStack();
    const region = { region: REGION };
    const spec = { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' };
    const { KeyMetadata } = await localStack.kms('CreateKey', spec, region);
    const { PublicKey } = await localStack.kms('GetPublicKey', { KeyId: KeyMetadata.Arn }, region);
    key = KeyMetadata.Arn;
    publicDer = PublicKey;
    const der = Buffer.from(PublicKey, 'base64');
    const publicKey = crypto
      .createPublicKey({ key: der, format: 'der', type: 'spki' })
      .export({ type: 'spki', format: 'pem' });
    options = { keyId: key, publicKey, endpoint: localStack.endpoint };
  });
  after(() => localStack?.stop());

  it('encrypts without a call, and decrypts with KMS', async () => {
    const { publicKey, ...withoutPublicKey } = options;
    const writer = envelopeOf({ keyId: key, publicKey, endpoint: 'http://127.0.0.1:9' });
    const message = writer.encryptSync('hello', { encryptionContext });
    const [wrapped] = inspect(message).encryptedDataKeys;
    assert.equal(wrapped.keyProviderId, 'aws-kms-rsa');
    assert.equal(writer.stats().keyService.calls, 0);
    const reader = envelopeOf(withoutPublicKey);
    assert.equal(String(await reader.decrypt(message, { encryptionContext })), 'hello');
    thrown(() => reader.decryptSync(message), 'WOULD_BLOCK');
    await rejection(reader.encrypt('x'), 'INVALID_ARGUMENT');
  });

  it('passes Envelope.open if the public key is that of the KMS key', async () => {
    await Envelope.open({ keyring: new AwsKmsRsaKeyring(options) });
    const other = pair.publicKey;
    const wrong = Envelope.open({
      keyring: new AwsKmsRsaKeyring({ ...options, publicKey: other }),
    });
    await assert.rejects(wrong, { name: 'EnvelopeError' });
  });

  it('works beside another keyring, which decrypts without KMS', async () => {
    const local = LocalKeyring.generate(`${folder}/dev.key`);
    const keyring = new MultiKeyring({
      generator: local,
      children: [new AwsKmsRsaKeyring(options)],
    });
    const message = await new Envelope({ keyring }).encrypt('hello');
    assert.equal(String(new Envelope({ keyring: local }).decryptSync(message)), 'hello');
    assert.equal(String(await envelopeOf(options).decrypt(message)), 'hello');
  });

  it('does what docs/keyrings.md shows', async () => {
    const program = codeBlocks('docs/keyrings.md', 'js').find((code) => /KmsRsa/.test(code));
    fs.writeFileSync(path.join(project, 'rsa.mjs'), program);
    const { keyId, endpoint } = options;
    const env = { KMS_KEY_ARN: keyId, PUBLIC_KEY: publicDer, AWS_ENDPOINT_URL_KMS: endpoint };
    const run = promisify(execFile)(process.execPath, ['rsa.mjs'], {
      cwd: project,
      env: { ...process.env, ...env },
      timeout: 60_000,
    });
    assert.equal((await run).stdout, 'hello\n');
  });

  it('and Python read each other', { skip: skipWithout('python') }, async () => {
    const peer = startPeer('python');
    const keyring = {
      type: 'aws-kms-rsa',
      keyArn: key,
      publicKey: options.publicKey,
      endpoint: localStack.endpoint,
    };
    try {
      const ours = await envelopeOf(options).encrypt('ours', { encryptionContext });
      const read = await peer.decrypt({ keyring, encryptionContext, message: ours });
      assert.equal(String(read.result), 'ours');
      const plaintext = Buffer.from('theirs');
      const theirs = await peer.encrypt({ keyring, encryptionContext, plaintext });
      const back = await envelopeOf(options).decrypt(theirs.result, { encryptionContext });
      assert.equal(String(back), 'theirs');
    } finally {
      await peer.stop();
    }
  });
});

describe('AwsKmsRsaKeyring', () => {
  const { publicKey, privateKey } = pair;
  let kms;
  let answer;
  before(async () => {
    kms = await startFakeKms((_, body) => answer(body));
  });
  after(() => kms.stop());

  const options = () => ({ keyId: KEY, publicKey, endpoint: kms.endpoint, maxAttempts: 1 });
  const unwrapped = ({ CiphertextBlob, EncryptionAlgorithm }) =>
    crypto.privateDecrypt(
      { key: privateKey, oaepHash: EncryptionAlgorithm.endsWith('_1') ? 'sha1' : 'sha256' },
      Buffer.from(CiphertextBlob, 'base64'),
    );
  const answered = (Plaintext, KeyId = KEY) => ({
    body: { KeyId, Plaintext: Plaintext.toString('base64') },
  });

  it('binds the data key to the encryption context, and asks for its own key', async () => {
    for (const [padding, algorithm] of [
      ['oaep-sha256', 'RSAES_OAEP_SHA_256'],
      ['oaep-sha1', 'RSAES_OAEP_SHA_1'],
    ]) {
      let asked;
      answer = (body) => answered(unwrapped((asked = body)));
      const envelope = envelopeOf({ ...options(), padding, grantTokens: ['token'] });
      const message = envelope.encryptSync('hello', { encryptionContext: { a: 'b' } });
      assert.equal(String(await envelope.decrypt(message)), 'hello');
      const { CiphertextBlob: _, ...others } = asked;
      const expected = { EncryptionAlgorithm: algorithm, GrantTokens: ['token'], KeyId: KEY };
      assert.deepEqual(others, expected);
      const bound = unwrapped(asked);
      const context = Buffer.from('\0\x01\0\x01a\0\x01b', 'latin1');
      assert.deepEqual(bound.subarray(0, 48), crypto.createHash('sha384').update(context).digest());
      assert.equal(bound.length, 48 + 32);
    }
  });

  it('refuses what KMS answers wrongly, and what it refuses', async () => {
    const envelope = envelopeOf(options());
    const message = envelope.encryptSync('hello', { encryptionContext: { a: 'b' } });
    const other = KEY.replace(/.$/, 'c');
    const answers = {
      KMS_INVALID_CIPHERTEXT: (body) => answered(unwrapped(body).fill(0, 0, 48)),
      KMS_INTERNAL: (body) => answered(unwrapped(body).subarray(1)),
      'KMS_INTERNAL ': (body) => answered(unwrapped(body), other),
      KMS_ACCESS_DENIED: () => refusal('AccessDeniedException'),
      KMS_KEY_USAGE: () => refusal('InvalidKeyUsageException'),
    };
    for (const [code, wrong] of Object.entries(answers)) {
      answer = wrong;
      await rejection(envelope.decrypt(message), code.trim());
    }
  });

  it('tries the data keys of its key only, and refuses a message that names none', async () => {
    const envelope = envelopeOf(options());
    const message = envelope.encryptSync('hello');
    const [{ ciphertext }] = inspect(message).encryptedDataKeys;
    const named = (name, providerId = 'aws-kms-rsa') =>
      withDataKeys(message, [{ providerId, providerInfo: Buffer.from(name), ciphertext }]);
    const { calls } = kms.state;
    await rejection(envelope.decrypt(named(KEY.replace(/.$/, 'c'))), 'NO_USABLE_KEY');
    await rejection(envelope.decrypt(named(KEY, 'aws-kms')), 'NO_USABLE_KEY');
    await rejection(envelope.decrypt(named('alias/app')), 'MALFORMED_MESSAGE');
    assert.equal(kms.state.calls, calls);
  });

  it('beside another keyring, a synchronous call asks only that one', () => {
    const local = rawAes('aes');
    const rsa = new AwsKmsRsaKeyring(options());
    const both = new Envelope({ keyring: new MultiKeyring({ children: [rsa, local] }) });
    const { calls } = kms.state;
    const own = new Envelope({ keyring: local }).encryptSync('hello');
    assert.equal(String(both.decryptSync(own)), 'hello');
    const forKms = new Envelope({ keyring: rsa }).encryptSync('hello');
    thrown(() => both.decryptSync(forKms), 'WOULD_BLOCK');
    assert.equal(kms.state.calls, calls);
  });

  it('takes related multi-Region keys for one', async () => {
    const [ours, related] = ['eu-west-1', 'us-east-1'].map(
      (region) => `arn:aws:kms:${region}:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab`,
    );
    answer = (body) => answered(unwrapped(body), body.KeyId);
    const message = envelopeOf({ ...options(), keyId: related }).encryptSync('hello');
    assert.equal(String(await envelopeOf({ ...options(), keyId: ours }).decrypt(message)), 'hello');
  });

  it('takes no suite that signs', async () => {
    const signing = new Envelope({
      keyring: new AwsKmsRsaKeyring(options()),
      algorithmSuite: 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384',
    });
    thrown(() => signing.encryptSync('hello'), 'INVALID_ARGUMENT');
    await rejection(signing.encrypt('hello'), 'INVALID_ARGUMENT');
  });

  it('says what is wrong with its options', async () => {
    const short = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    const wrong = [
      { keyId: undefined },
      { keyId: 'alias/app' },
      { keyId: KEY.split('/')[1] },
      { padding: 'pkcs1' },
      { padding: 'oaep-sha512' },
      { publicKey: short },
      { publicKey: 'no key' },
      { publicKey: 5 },
      { region: 'eu-west-1' },
    ];
    for (const option of wrong) {
      thrown(() => new AwsKmsRsaKeyring({ ...options(), ...option }), 'INVALID_ARGUMENT');
    }
    const envelope = envelopeOf(options());
    await rejection(envelope.generateDataKey(), 'INVALID_ARGUMENT');
  });
});
