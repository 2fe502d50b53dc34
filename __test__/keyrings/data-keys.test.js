'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { after, before, beforeEach, describe, it } = require('node:test');

const { AwsKmsKeyring, CustomKeyring, Envelope, MultiKeyring, RawRsaKeyring } = require('../..');
const { flipLastByte } = require('../support/edits');
const { startLocalStack } = require('../support/localstack');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const encryptionContext = { tenant: 'acme' };
const context = { encryptionContext };
const SPECS = ['RSA_2048', 'RSA_3072', 'RSA_4096', 'ECC_NIST_P256', 'ECC_NIST_P384'];

const LOCAL = {
  'a raw AES key': () => rawAes('key'),
  'a multi-keyring': () => new MultiKeyring({ generator: rawAes('a'), children: [rawAes('b')] }),
  'a keyring of one’s own': () => {
    const inner = new Envelope({ keyring: rawAes('inner') });
    return new CustomKeyring({
      providerId: 'own',
      async wrapDataKey({ dataKey, encryptionContext }) {
        const { ciphertextBlob } = await inner.encryptDirect(dataKey, { encryptionContext });
        return { ciphertext: ciphertextBlob, keyName: 'mine' };
      },
      async unwrapDataKey({ ciphertext, encryptionContext }) {
        return (await inner.decryptDirect(ciphertext, { encryptionContext })).plaintext;
      },
    });
  },
};

for (const [name, keyring] of Object.entries(LOCAL)) {
  describe(`the operations of KMS, under ${name}`, () => {
    const envelope = new Envelope({ keyring: keyring() });
    const other = new Envelope({ keyring: keyring() });
    testWrapping(
      () => envelope,
      () => other,
    );
    testKeyPairs(() => envelope);
  });
}

describe('the operations of KMS, under KMS (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto();
  let envelope;
  let other;
  let arns;

  before(async () => {
    arns = [(await moto.createKey()).arn, (await moto.createKey()).arn];
    [envelope, other] = arns.map(
      (keyId) => new Envelope({ keyring: new AwsKmsKeyring({ keyId, endpoint: moto.endpoint }) }),
    );
  });
  beforeEach(() => moto.clearRequests());

  testWrapping(
    () => envelope,
    () => other,
  );

  it('make one call each, of the same name', async () => {
    const { ciphertextBlob } = await envelope.encryptDirect('x', context);
    await envelope.decryptDirect(ciphertextBlob, context);
    const { keyId, requestId } = await envelope.rewrapDataKey(ciphertextBlob, other, context);
    assert.equal(keyId, arns[1]);
    assert.ok(requestId);
    await envelope.generateDataKeyWithoutPlaintext(context);
    assert.deepEqual(await calls(), [
      'Encrypt',
      'Decrypt',
      'ReEncrypt',
      'GenerateDataKeyWithoutPlaintext',
    ]);
  });

  it('rewrap a data key from a local key to KMS, and refuse to rewrap one from KMS to a local key', async () => {
    const local = new Envelope({ keyring: rawAes('local') });
    const { ciphertextBlob } = await local.encryptDirect('x', context);
    const moved = await local.rewrapDataKey(ciphertextBlob, envelope, context);
    const opened = await envelope.decryptDirect(moved.ciphertextBlob, context);
    assert.equal(String(opened.plaintext), 'x');
    await moto.clearRequests();
    const back = envelope.rewrapDataKey(moved.ciphertextBlob, local, context);
    await rejection(back, 'INVALID_ARGUMENT');
    assert.deepEqual(await calls(), []);
  });

  async function calls() {
    return moto.operations();
  }
});

// moto makes no key pairs, LocalStack does not re-encrypt.
describe('key pairs of KMS (LocalStack)', { skip: skipWithout('localstack') }, () => {
  let stack;
  let envelope;

  before(async () => {
    stack = await startLocalStack();
    const { KeyMetadata } = await stack.kms('CreateKey', {});
    // It makes RSA keys in Python, which takes long on a busy machine.
    const options = { endpoint: stack.endpoint, timeoutMs: 120_000 };
    envelope = new Envelope({ keyring: new AwsKmsKeyring({ keyId: KeyMetadata.Arn, ...options }) });
  });
  after(() => stack?.stop());

  testKeyPairs(() => envelope);
});

describe('a raw RSA key', () => {
  const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const envelope = new Envelope({
    keyring: new RawRsaKeyring({
      keyNamespace: 'tests',
      keyName: 'rsa',
      padding: 'oaep-sha256',
      publicKey,
      privateKey,
    }),
  });

  it('encrypts up to the limit of its padding, and names the limit in the error for more', async () => {
    // OAEP takes two hashes and two bytes of the modulus.
    const [modulus, hash] = [256, 32];
    const most = modulus - 2 * hash - 2;
    const { ciphertextBlob } = await envelope.encryptDirect(Buffer.alloc(most, 7));
    const { plaintext } = await envelope.decryptDirect(ciphertextBlob);
    assert.ok(plaintext.equals(Buffer.alloc(most, 7)));
    const error = await rejection(envelope.encryptDirect(Buffer.alloc(most + 1)), 'LIMIT_EXCEEDED');
    assert.match(error.message, new RegExp(`\\b${most}\\b`));
  });
});

/** Tests that are the same for every keyring: code that is written for one runs on another. */
function testWrapping(envelopeOf, otherOf) {
  it('what encryptDirect gives comes back from decryptDirect', async () => {
    for (const length of [1, 100, 4096]) {
      const data = crypto.randomBytes(length);
      const { ciphertextBlob, keyId } = await envelopeOf().encryptDirect(data, context);
      const opened = await envelopeOf().decryptDirect(ciphertextBlob, context);
      assert.ok(opened.plaintext.equals(data));
      assert.equal(opened.keyId, keyId);
    }
  });

  it('encryptDirect refuses what is too long or empty', async () => {
    await rejection(envelopeOf().encryptDirect(Buffer.alloc(4097)), 'LIMIT_EXCEEDED');
    await rejection(envelopeOf().encryptDirect(''), 'LIMIT_EXCEEDED');
  });

  it('decryptDirect refuses another context, a changed blob, and what is no blob', async () => {
    const { ciphertextBlob } = await envelopeOf().encryptDirect('x', context);
    await refused(envelopeOf().decryptDirect(ciphertextBlob));
    await refused(envelopeOf().decryptDirect(ciphertextBlob, { encryptionContext: { a: 'b' } }));
    await refused(envelopeOf().decryptDirect(flipLastByte(ciphertextBlob), context));
    await refused(envelopeOf().decryptDirect(Buffer.from('no blob'), context));
  });

  it('generateDataKeyWithoutPlaintext gives a data key that decryptDataKey unwraps', async () => {
    for (const [options, length] of [
      [{}, 32],
      [{ keySpec: 'AES_128' }, 16],
      [{ numberOfBytes: 64 }, 64],
    ]) {
      const made = await envelopeOf().generateDataKeyWithoutPlaintext({ ...context, ...options });
      assert.equal('plaintext' in made, false);
      const { plaintext } = await envelopeOf().decryptDataKey(made.ciphertextBlob, context);
      assert.equal(plaintext.length, length);
    }
  });

  it('rewrapDataKey gives the same data key under another key and another context', async () => {
    const { plaintext, ciphertextBlob } = await envelopeOf().generateDataKey(context);
    const newEncryptionContext = { tenant: 'other' };
    const rewrapped = await envelopeOf().rewrapDataKey(ciphertextBlob, otherOf(), {
      ...context,
      newEncryptionContext,
    });
    assert.equal('plaintext' in rewrapped, false);
    const opened = await otherOf().decryptDataKey(rewrapped.ciphertextBlob, {
      encryptionContext: newEncryptionContext,
    });
    assert.ok(opened.plaintext.equals(plaintext));
    await refused(otherOf().decryptDataKey(rewrapped.ciphertextBlob, context));
    const kept = await envelopeOf().rewrapDataKey(ciphertextBlob, otherOf(), context);
    assert.ok(
      (await otherOf().decryptDataKey(kept.ciphertextBlob, context)).plaintext.equals(plaintext),
    );
    await refused(envelopeOf().rewrapDataKey(ciphertextBlob, otherOf()));
    await rejection(envelopeOf().rewrapDataKey(ciphertextBlob, {}), 'INVALID_ARGUMENT');
  });
}

function testKeyPairs(envelopeOf) {
  for (const keyPairSpec of SPECS) {
    it(`generateDataKeyPair gives a key pair whose private key unwraps: ${keyPairSpec}`, async () => {
      const options = { ...context, keyPairSpec };
      const pair = await envelopeOf().generateDataKeyPair(options);
      assert.equal(pair.keyPairSpec, keyPairSpec);
      checkPair(pair.publicKey, pair.privateKeyPlaintext, keyPairSpec);
      const unwrapped = await envelopeOf().decryptDataKey(pair.privateKeyCiphertextBlob, context);
      assert.ok(unwrapped.plaintext.equals(pair.privateKeyPlaintext));
    });
  }

  it('generateDataKeyPairWithoutPlaintext gives a key pair without its private key', async () => {
    const options = { ...context, keyPairSpec: 'ECC_NIST_P256' };
    const pair = await envelopeOf().generateDataKeyPairWithoutPlaintext(options);
    assert.equal('privateKeyPlaintext' in pair, false);
    const { plaintext } = await envelopeOf().decryptDataKey(pair.privateKeyCiphertextBlob, context);
    checkPair(pair.publicKey, plaintext, 'ECC_NIST_P256');
    await rejection(envelopeOf().generateDataKeyPair({ keyPairSpec: 'RSA_1' }), 'INVALID_ARGUMENT');
  });
}

/** That they belong together, says Node's own cryptography. */
function checkPair(publicDer, privateDer, spec) {
  const publicKey = crypto.createPublicKey({ key: publicDer, format: 'der', type: 'spki' });
  const privateKey = crypto.createPrivateKey({ key: privateDer, format: 'der', type: 'pkcs8' });
  const { modulusLength, namedCurve } = privateKey.asymmetricKeyDetails;
  const curves = { prime256v1: 'ECC_NIST_P256', secp384r1: 'ECC_NIST_P384' };
  assert.equal(modulusLength ? `RSA_${modulusLength}` : curves[namedCurve], spec);
  const signature = crypto.sign('sha256', Buffer.from('x'), privateKey);
  assert.ok(crypto.verify('sha256', Buffer.from('x'), publicKey, signature));
}

function refused(promise) {
  return assert.rejects(promise, ({ name, code }) => {
    assert.equal(name, 'EnvelopeError');
    assert.doesNotMatch(code, /INTERNAL/);
    return true;
  });
}
