'use strict';

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, it } = require('node:test');
const { promisify } = require('node:util');

const { AwsKmsEcdhKeyring, Envelope, RawEcdhKeyring, inspect } = require('../..');
const { CURVES, startAgreeingKms } = require('../support/agreeing-kms');
const { refusal } = require('../support/fake-kms');
const { startLocalStack } = require('../support/localstack');
const { startPeer } = require('../support/peers');
const { linkedProject } = require('../support/project');
const { rawAes } = require('../support/raw-aes');
const { codeBlocks } = require('../support/readme');
const { rejection, thrown } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');

const REGION = 'eu-west-1';
const curveSpec = 'ECC_NIST_P256';
const SPECS = Object.keys(CURVES);
const encryptionContext = { tenant: 'acme', '\u{1f600}': 'x', '\uff5e': 'y' };

Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_EC2_METADATA_DISABLED: 'true',
});

const envelopeOf = (options) => new Envelope({ keyring: new AwsKmsEcdhKeyring(options) });
const rawOf = (options) => new Envelope({ keyring: new RawEcdhKeyring(options) });
const pairOf = (spec = curveSpec) => crypto.generateKeyPairSync('ec', { namedCurve: CURVES[spec] });

describe('AwsKmsEcdhKeyring', () => {
  let kms;
  let fault = () => undefined;
  before(async () => {
    kms = await startAgreeingKms((...args) => fault(...args));
  });
  after(() => kms.stop());

  /** Options for the KMS key of a curve. */
  const options = (spec = curveSpec) => ({
    curveSpec: spec,
    keyId: kms.key(spec).arn,
    endpoint: kms.endpoint,
    maxAttempts: 1,
  });
  const asked = () => kms.operations.splice(0);

  for (const spec of SPECS) {
    it(`with ${spec}, KMS and a raw key pair read what either sent the other`, async () => {
      const { publicKey, privateKey } = pairOf(spec);
      const ofKms = envelopeOf({ ...options(spec), recipientPublicKey: publicKey });
      const raw = { curveSpec: spec, recipientPublicKey: kms.key(spec).publicKey };
      const ofRaw = rawOf({ ...raw, privateKey });
      const message = await ofKms.encrypt('hello', { encryptionContext });
      assert.equal(inspect(message).encryptedDataKeys[0].keyProviderId, 'aws-kms-ecdh');
      const toKms = envelopeOf(options(spec));
      for (const reader of [ofRaw, ofKms, rawOf({ curveSpec: spec, privateKey })]) {
        assert.equal(String(await reader.decrypt(message, { encryptionContext })), 'hello');
      }
      const answer = ofRaw.encryptSync('answer');
      for (const reader of [ofKms, toKms]) {
        assert.equal(String(await reader.decrypt(answer)), 'answer');
      }
      const unsigned = rawOf(raw).encryptSync('from anybody');
      assert.equal(String(await toKms.decrypt(unsigned)), 'from anybody');
      await rejection(ofKms.decrypt(unsigned), 'NO_USABLE_KEY');
      await rejection(toKms.decrypt(message), 'NO_USABLE_KEY');
    });
  }

  it('asks for the public key once, unless it is given, and for one secret a message', async () => {
    asked();
    const { publicKey } = pairOf();
    const envelope = envelopeOf({ ...options(), recipientPublicKey: publicKey });
    const messages = await Promise.all(Array.from({ length: 20 }, () => envelope.encrypt('x')));
    const operations = asked().sort();
    assert.deepEqual(operations.splice(20), ['GetPublicKey']);
    assert.ok(operations.every((operation) => operation === 'DeriveSharedSecret'));
    const own = kms.key(curveSpec).publicKey;
    const given = envelopeOf({ ...options(), publicKey: own, recipientPublicKey: publicKey });
    await given.decrypt(messages[0]);
    assert.deepEqual(asked(), ['DeriveSharedSecret']);
  });

  it('cannot answer a synchronous call, and says so', async () => {
    const { publicKey } = pairOf();
    const envelope = envelopeOf({ ...options(), recipientPublicKey: publicKey });
    thrown(() => envelope.encryptSync('x'), 'WOULD_BLOCK');
    const message = await envelope.encrypt('x');
    thrown(() => envelope.decryptSync(message), 'WOULD_BLOCK');
    assert.equal(envelope.stats().keyService.calls, 2);
  });

  it('sends the grant tokens, and does not encrypt without a recipient', async () => {
    const bodies = [];
    fault = (_, body) => void bodies.push(body);
    const { publicKey } = pairOf();
    const grantTokens = ['token'];
    const envelope = envelopeOf({ ...options(), grantTokens, recipientPublicKey: publicKey });
    await envelope.encrypt('x');
    fault = () => undefined;
    const KeyId = kms.key(curveSpec).arn;
    const PublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    assert.deepEqual(bodies, [
      { GrantTokens: grantTokens, KeyId },
      { GrantTokens: grantTokens, KeyAgreementAlgorithm: 'ECDH', KeyId, PublicKey },
    ]);
    await rejection(envelopeOf(options()).encrypt('x'), 'INVALID_ARGUMENT');
  });

  it('passes Envelope.open if the KMS key fits its options', async () => {
    const { publicKey } = pairOf();
    const open = (more) =>
      Envelope.open({ keyring: new AwsKmsEcdhKeyring({ ...options(), ...more }) });
    await open({});
    await open({ publicKey: kms.key(curveSpec).publicKey, recipientPublicKey: publicKey });
    const error = await rejection(open({ publicKey }), 'CONFIGURATION');
    assert.match(error.message, /publicKey is not that of the KMS key/);
    const elsewhere = open({ curveSpec: 'ECC_NIST_P384' });
    assert.match((await rejection(elsewhere, 'KMS_KEY_USAGE')).message, /ECC_NIST_P384/);
    fault = (operation) =>
      operation === 'GetPublicKey' ? refusal('AccessDeniedException') : undefined;
    await open({ publicKey: kms.key(curveSpec).publicKey });
    const unasked = await rejection(open({ publicKey }), 'CONFIGURATION');
    assert.match(unasked.message, /publicKey is not that of the KMS key/);
    await rejection(open({}), 'KMS_ACCESS_DENIED');
    fault = () => undefined;
    asked();
    await open({});
    assert.deepEqual(asked(), ['GetPublicKey', 'DeriveSharedSecret']);
  });

  it('refuses what KMS answers wrongly, and what it refuses', async () => {
    const { publicKey, privateKey } = pairOf();
    const keyring = { ...options(), recipientPublicKey: publicKey };
    const message = await envelopeOf(keyring).encrypt('x');
    const { arn: KeyId, publicKey: own } = kms.key(curveSpec);
    const secret = crypto.diffieHellman({ privateKey, publicKey: own }).toString('base64');
    const right = { KeyId, KeyAgreementAlgorithm: 'ECDH', SharedSecret: secret };
    const other = KeyId.replace(/.$/, '9');
    const short = Buffer.from(secret, 'base64').subarray(1).toString('base64');
    const faults = [
      ['DeriveSharedSecret', { body: { ...right, KeyId: other } }, 'KMS_INTERNAL'],
      ['DeriveSharedSecret', { body: { ...right, SharedSecret: short } }, 'KMS_INTERNAL'],
      ['DeriveSharedSecret', { body: { ...right, SharedSecret: undefined } }, 'KMS_INTERNAL'],
      ['DeriveSharedSecret', { body: { ...right, KeyAgreementAlgorithm: 'X' } }, 'KMS_INTERNAL'],
      ['DeriveSharedSecret', refusal('AccessDeniedException'), 'KMS_ACCESS_DENIED'],
      ['DeriveSharedSecret', refusal('InvalidKeyUsageException'), 'KMS_KEY_USAGE'],
      ['DeriveSharedSecret', refusal('DisabledException'), 'KMS_KEY_DISABLED'],
      ['GetPublicKey', { body: { KeyId, KeyUsage: 'SIGN_VERIFY' } }, 'KMS_KEY_USAGE'],
      ['GetPublicKey', refusal('AccessDeniedException'), 'KMS_ACCESS_DENIED'],
    ];
    for (const [operation, answer, code] of faults) {
      fault = (asked) => (asked === operation ? answer : undefined);
      await rejection(envelopeOf(keyring).decrypt(message), code);
      await rejection(envelopeOf(keyring).encrypt('x'), code);
    }
    fault = () => ({ body: right });
    const known = { ...keyring, publicKey: own };
    assert.equal(String(await envelopeOf(known).decrypt(message)), 'x');
    fault = () => undefined;
  });

  it('asks nothing but the public key for a message that is not for it', async () => {
    const message = rawOf({ curveSpec, recipientPublicKey: pairOf().publicKey }).encryptSync('x');
    asked();
    await rejection(envelopeOf(options()).decrypt(message), 'NO_USABLE_KEY');
    assert.deepEqual(asked(), ['GetPublicKey']);
    const underAes = new Envelope({ keyring: rawAes('aes') }).encryptSync('x');
    await rejection(envelopeOf(options()).decrypt(underAes), 'NO_USABLE_KEY');
    assert.deepEqual(asked(), []);
  });

  it('wraps and unwraps data keys outside of messages', async () => {
    const { publicKey } = pairOf();
    const envelope = envelopeOf({ ...options(), recipientPublicKey: publicKey });
    const { plaintext, ciphertextBlob } = await envelope.generateDataKey({ encryptionContext });
    const back = await envelope.decryptDataKey(ciphertextBlob, { encryptionContext });
    assert.deepEqual(back.plaintext, plaintext);
  });

  it('says what is wrong with its options', () => {
    const { publicKey } = pairOf('ECC_NIST_P384');
    const wrong = [
      { keyId: undefined },
      { keyId: 'alias/app' },
      { curveSpec: undefined },
      { curveSpec: 'SM2' },
      { publicKey },
      { recipientPublicKey: publicKey },
      { recipientPublicKey: 'no key' },
      { recipientPublicKey: undefined },
      { region: REGION },
      { multiRegion: true },
    ];
    for (const option of wrong) {
      thrown(() => new AwsKmsEcdhKeyring({ ...options(), ...option }), 'INVALID_ARGUMENT');
    }
  });

  it('does what docs/keyrings.md shows', async () => {
    const project = linkedProject();
    const { publicKey, privateKey } = pairOf();
    const pem = (key, type) => key.export({ type, format: 'pem' });
    const env = {
      KMS_KEY_ARN: kms.key(curveSpec).arn,
      KMS_PUBLIC_KEY: pem(kms.key(curveSpec).publicKey, 'spki'),
      PARTNER_PUBLIC_KEY: pem(publicKey, 'spki'),
      PARTNER_PRIVATE_KEY: pem(privateKey, 'pkcs8'),
      AWS_ENDPOINT_URL_KMS: kms.endpoint,
    };
    const program = codeBlocks('docs/keyrings.md', 'js').find((code) => /KmsEcdh/.test(code));
    fs.writeFileSync(path.join(project, 'ecdh.mjs'), program);
    const run = promisify(execFile)(process.execPath, ['ecdh.mjs'], {
      cwd: project,
      env: { ...process.env, ...env },
      timeout: 60_000,
    });
    assert.equal((await run).stdout, 'hello\nhello\n');
  });

  describe('and Python', { skip: skipWithout('python') }, () => {
    let peer;
    before(() => {
      peer = startPeer('python');
    });
    after(() => peer?.stop());

    for (const spec of SPECS) {
      it(`read each other, with ${spec} and both schemas`, async () => {
        const { publicKey, privateKey } = pairOf(spec);
        const der = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
        const { keyId: keyArn, endpoint } = options(spec);
        const theirs = { type: 'aws-kms-ecdh', curveSpec: spec, keyArn, endpoint };
        const both = { ...theirs, recipientPublicKey: der };
        const ours = envelopeOf({ ...options(spec), recipientPublicKey: publicKey });
        const message = await ours.encrypt('ours', { encryptionContext });
        const read = await peer.decrypt({ keyring: both, encryptionContext, message });
        assert.equal(String(read.result), 'ours');
        const plaintext = Buffer.from('theirs');
        const { result } = await peer.encrypt({ keyring: both, encryptionContext, plaintext });
        for (const reader of [ours, rawOf({ curveSpec: spec, privateKey })]) {
          assert.equal(String(await reader.decrypt(result, { encryptionContext })), 'theirs');
        }
        const raw = rawOf({ curveSpec: spec, recipientPublicKey: kms.key(spec).publicKey });
        const found = await peer.decrypt({ keyring: theirs, message: raw.encryptSync('found') });
        assert.equal(String(found.result), 'found');
      });
    }
  });
});

describe('AwsKmsEcdhKeyring on LocalStack', { skip: skipWithout('localstack') }, () => {
  let localStack;
  before(async () => {
    localStack = await startLocalStack();
  });
  after(() => localStack?.stop());

  async function createKey(KeySpec, KeyUsage = 'KEY_AGREEMENT') {
    const call = (operation, body) => localStack.kms(operation, body, { region: REGION });
    const { KeyMetadata } = await call('CreateKey', { KeySpec, KeyUsage });
    const { PublicKey } = await call('GetPublicKey', { KeyId: KeyMetadata.Arn });
    const der = Buffer.from(PublicKey, 'base64');
    const publicKey = crypto.createPublicKey({ key: der, format: 'der', type: 'spki' });
    return { keyId: KeyMetadata.Arn, publicKey };
  }

  // Its secrets for P-521 are too short, as it derives a key from what AWS returns as it is.
  for (const spec of ['ECC_NIST_P256', 'ECC_NIST_P384']) {
    it(`two keys of KMS read what either sent the other, with ${spec}`, async () => {
      const [alice, bob] = [await createKey(spec), await createKey(spec)];
      const of = (own, other) =>
        envelopeOf({
          curveSpec: spec,
          keyId: own.keyId,
          recipientPublicKey: other.publicKey,
          endpoint: localStack.endpoint,
        });
      const message = await of(alice, bob).encrypt('hello', { encryptionContext });
      const back = await of(bob, alice).decrypt(message, { encryptionContext });
      assert.equal(String(back), 'hello');
    });
  }

  it('says that a key is for signatures, and not for key agreement', async () => {
    const { keyId } = await createKey(curveSpec, 'SIGN_VERIFY');
    const keyring = new AwsKmsEcdhKeyring({ curveSpec, keyId, endpoint: localStack.endpoint });
    const error = await rejection(Envelope.open({ keyring }), 'KMS_KEY_USAGE');
    assert.match(error.message, /KEY_AGREEMENT/);
  });
});
