'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const { generateKeyPairSync } = require('node:crypto');
const path = require('node:path');
const { describe, it } = require('node:test');

const {
  AwsKmsEcdhKeyring,
  AwsKmsRsaKeyring,
  Envelope,
  Fields,
  Keyset,
  LocalKeyring,
  RawAesKeyring,
  RawEcdhKeyring,
  RawRsaKeyring,
} = require('../..');
const { decryptS3Object, encryptS3Object } = require('../../integrations/s3');
const { MemoryStore, envelope } = require('../support/fields');
const { temporaryFolder } = require('../support/files');

const NOT_APPROVED = { code: 'ERR_ENVELOPE_NOT_APPROVED', retryable: false, category: 'argument' };
const NAMES = { keyNamespace: 'test', keyName: 'key' };
const aes = (length) => new RawAesKeyring({ ...NAMES, wrappingKey: Buffer.alloc(length, 7) });

describe('with the FIPS module', () => {
  const folder = temporaryFolder();
  const file = path.join(folder, 'dev.key');
  LocalKeyring.generate(file);

  it('messages of the approved suites go round, under key files and AES keys', async () => {
    for (const keyring of [new LocalKeyring(file), aes(16), aes(32)]) {
      for (const algorithmSuite of [0x0478, 0x0578]) {
        const envelope = new Envelope({ keyring, algorithmSuite });
        const plaintext = Buffer.alloc(200_000, 3);
        assert.deepEqual(await envelope.decrypt(await envelope.encrypt(plaintext)), plaintext);
      }
    }
  });

  it('other suites are not written, and the error names those that are', () => {
    for (const algorithmSuite of [0x0014, 0x0078, 0x0178, 0x0378]) {
      const commitmentPolicy = 'forbidEncryptAllowDecrypt';
      assert.throws(() => new Envelope({ keyring: aes(32), algorithmSuite, commitmentPolicy }), {
        ...NOT_APPROVED,
        message: /suite 0x0\d+ .* is not approved for FIPS 140-3, .*; use 0x0478 or 0x0578;/,
      });
    }
  });

  it('RSA keyrings and AES keys of 192 bits are refused', () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    for (const padding of ['oaep-sha256', 'oaep-sha1', 'pkcs1']) {
      assert.throws(() => new RawRsaKeyring({ ...NAMES, publicKey, padding }), {
        ...NOT_APPROVED,
        message: /wrapped by RSA outside KMS is not approved .*; use AwsKmsKeyring/,
      });
    }
    const keyId = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    assert.throws(() => new AwsKmsRsaKeyring({ keyId, publicKey }), NOT_APPROVED);
    // Decrypting is done by KMS.
    assert.ok(new AwsKmsRsaKeyring({ keyId }));
    assert.throws(() => aes(24), { ...NOT_APPROVED, message: /AES-192-GCM .* of 16 or 32 bytes/ });
  });

  it('ECDH keyrings are refused', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const options = { curveSpec: 'ECC_NIST_P256', recipientPublicKey: publicKey };
    const keyId = 'arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    for (const make of [
      () => new RawEcdhKeyring(options),
      () => new AwsKmsEcdhKeyring({ ...options, keyId }),
    ]) {
      assert.throws(make, { ...NOT_APPROVED, message: /wrapped by ECDH is not approved/ });
    }
  });

  it('keysets of Tink encrypt with AES-GCM and find with HMAC, and with nothing else', () => {
    for (const type of ['AES128_GCM', 'AES256_GCM']) {
      const keyset = Keyset.generate(type);
      assert.equal(String(keyset.decrypt(keyset.encrypt('pin', 'row'), 'row')), 'pin');
    }
    for (const type of ['HMAC_SHA256_PRF', 'HMAC_SHA512_PRF']) {
      assert.equal(Keyset.generate(type).prf('name', 16).length, 16);
    }
    const siv = Keyset.generate('AES256_SIV');
    const gcmSiv = Keyset.generate('AES256_GCM_SIV');
    for (const use of [
      () => siv.encryptDeterministic('pin'),
      () => siv.decryptDeterministic(Buffer.concat([Buffer.from([1]), id(siv), Buffer.alloc(20)])),
      () => gcmSiv.encrypt('pin'),
      () => gcmSiv.decrypt(Buffer.concat([Buffer.from([1]), id(gcmSiv), Buffer.alloc(40)])),
    ]) {
      assert.throws(use, { ...NOT_APPROVED, message: /; use AES128_GCM or AES256_GCM/ });
    }
  });

  it('fields are encrypted and found; deterministic ones are refused', async () => {
    const store = new MemoryStore();
    const fields = await Fields.open({ envelope: envelope(), store, tenant: 'acme', create: true });
    const place = { table: 'users', type: 'text' };
    const email = fields.column({ ...place, column: 'email', index: {} });
    assert.equal(email.decrypt(email.encrypt('ada@example.com')), 'ada@example.com');
    assert.deepEqual(email.index('ada@example.com'), email.index('ada@example.com'));
    const name = fields.column({ ...place, column: 'name', deterministic: true });
    assert.throws(() => name.encrypt('Ada'), { ...NOT_APPROVED, message: /AES-SIV/ });
    fields.close();
  });

  it('objects of the S3 Encryption Clients are refused', async () => {
    await assert.rejects(encryptS3Object('data', { keyring: aes(32) }), NOT_APPROVED);
    const metadata = {
      'x-amz-c': '115',
      'x-amz-3': 'AAAA',
      'x-amz-w': '02',
      'x-amz-d': Buffer.alloc(28).toString('base64'),
      'x-amz-i': Buffer.alloc(28).toString('base64'),
    };
    const object = { body: Buffer.alloc(32), metadata };
    await assert.rejects(decryptS3Object(object, { keyring: aes(32) }), NOT_APPROVED);
  });

  it('doctor says that it is on', () => {
    const bin = path.join(__dirname, '..', '..', 'bin', 'kms-envelope.js');
    const args = [bin, 'doctor', '--json', '--key', `local:${file}`];
    const { checks } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
    const { status, detail } = checks.find(({ name }) => name === 'fips');
    assert.equal(status, 'info');
    assert.match(detail, /^on: AWS-LC's FIPS module/);
    assert.equal(checks.find(({ name }) => name === 'decrypt').status, 'ok');
  });

  /** The id of a keyset's one key, as ciphertexts have it. */
  function id(keyset) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(keyset.keys()[0].id);
    return bytes;
  }
});
