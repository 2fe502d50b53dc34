'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { Envelope, inspect } = require('../..');
const { flip, truncate } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { cut, ended, through } = require('../support/streams');

const keyring = rawAes('key');
const SIGNED = 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384';
const signing = new Envelope({ keyring, algorithmSuite: SIGNED, frameLength: 1000 });
const encryptionContext = { tenant: 'acme', ключ: 'значение' };
const plaintext = crypto.randomBytes(10_500);
const folder = temporaryFolder();
const inFolder = (name) => path.join(folder, name);

describe('algorithm suites', () => {
  const ALL = [
    ...[0x0014, 0x0046, 0x0078, 0x0114, 0x0146, 0x0178, 0x0214, 0x0346, 0x0378],
    ...[0x0478, 0x0578],
  ];

  for (const algorithmSuite of ALL) {
    it(`0x0${algorithmSuite.toString(16)}: what is written is read`, async () => {
      const commits = algorithmSuite >= 0x0400;
      const commitmentPolicy = commits ? undefined : 'forbidEncryptAllowDecrypt';
      const writer = new Envelope({ keyring, algorithmSuite, commitmentPolicy, frameLength: 999 });
      const reader = new Envelope({ keyring, commitmentPolicy: 'requireEncryptAllowDecrypt' });
      for (const data of [Buffer.alloc(0), plaintext.subarray(0, 999), plaintext]) {
        const message = await writer.encrypt(data, { encryptionContext });
        assert.equal(inspect(message).algorithmSuite.id, algorithmSuite);
        const opened = await reader.decryptMessage(message, { encryptionContext });
        assert.ok(opened.plaintext.equals(data));
        const { 'aws-crypto-public-key': publicKey, ...rest } = opened.header.encryptionContext;
        assert.deepEqual(rest, encryptionContext);
        assert.equal(publicKey !== undefined, opened.header.algorithmSuite.signed);
        const code = commits ? undefined : 'COMMITMENT_POLICY';
        if (code) await rejection(new Envelope({ keyring }).decrypt(message), code);
        else assert.ok(new Envelope({ keyring }).decryptSync(message).equals(data));
      }
    });
  }

  it('are chosen by name or id, and within the policy', () => {
    const make = (options) => () => new Envelope({ keyring, ...options });
    assert.equal(inspect(signing.encryptSync('x')).algorithmSuite.name, SIGNED);
    for (const algorithmSuite of [0x0479, 'AES', '0x0478', {}, null]) {
      thrown(make({ algorithmSuite }), 'INVALID_ARGUMENT');
    }
    thrown(make({ commitmentPolicy: 'none' }), 'INVALID_ARGUMENT');
    thrown(make({ algorithmSuite: 0x0178 }), 'COMMITMENT_POLICY');
    const commitmentPolicy = 'forbidEncryptAllowDecrypt';
    thrown(make({ commitmentPolicy, algorithmSuite: 0x0478 }), 'COMMITMENT_POLICY');
    const older = make({ commitmentPolicy })();
    assert.equal(inspect(older.encryptSync('x')).algorithmSuite.id, 0x0178);
  });
});

describe('a signed message', () => {
  const message = signing.encryptSync(plaintext, { encryptionContext });

  it('is refused whole if one byte of its signature is changed or missing', async () => {
    for (const place of ['signature', 'last byte']) {
      const changed = flip(message, place);
      const into = Buffer.alloc(plaintext.length, 7);
      await rejection(signing.decrypt(changed, { into }), 'AUTHENTICATION_FAILED');
      assert.ok(
        into.every((byte) => byte === 0),
        'nothing is left of what was not verified',
      );
    }
    await rejection(
      signing.decrypt(truncate(message, { before: 'last byte' })),
      'TRUNCATED_MESSAGE',
    );
    await rejection(signing.decrypt(Buffer.concat([message, Buffer.of(0)])), 'MALFORMED_MESSAGE');
  });

  it('is read in one piece wherever the end of a slice cuts its last frame or its signature', async () => {
    const envelope = new Envelope({ keyring, algorithmSuite: SIGNED });
    // 15 regular frames with 32 bytes each, and a final one with 40, fill a slice of 1 MiB.
    const most = 1024 * 1024 - 15 * 32 - 40;
    for (let length = most - 130; length < most + 20; length += 7) {
      const data = crypto.randomBytes(length);
      const opened = await envelope.decrypt(await envelope.encrypt(data));
      assert.ok(opened.equals(data), `${length} bytes`);
    }
  });

  it('is refused by streams, unless they are told to release it early', async () => {
    const refused = through(signing.decryptStream(), cut(message, 100));
    assert.equal((await ended(refused, 'SIGNED_MESSAGE')).output.length, 0);
    const options = { signed: 'release-before-verified' };
    const whole = await through(signing.decryptStream(options), cut(message, 100));
    assert.ifError(whole.error);
    assert.ok(whole.output.equals(plaintext));
    const changed = flip(message, 'last byte');
    const running = through(signing.decryptStream(options), cut(changed, 100));
    await ended(running, 'AUTHENTICATION_FAILED');
    const cutOff = through(signing.decryptStream(options), [
      truncate(message, { before: 'signature' }),
    ]);
    await ended(cutOff, 'TRUNCATED_MESSAGE');
    thrown(() => signing.decryptStream({ signed: true }), 'INVALID_ARGUMENT');
  });

  it('can be written by a stream and decrypted in one piece', async () => {
    const { output } = await through(signing.encryptStream({ encryptionContext }), [plaintext]);
    assert.ok((await signing.decrypt(output)).equals(plaintext));
  });

  it('is verified before its file appears', async () => {
    fs.writeFileSync(inFolder('sealed'), message);
    await signing.decryptFile(inFolder('sealed'), inFolder('opened'));
    fs.writeFileSync(inFolder('changed'), flip(message, 'last byte'));
    await rejection(
      signing.decryptFile(inFolder('changed'), inFolder('not')),
      'AUTHENTICATION_FAILED',
    );
    assert.ok(!fs.existsSync(inFolder('not')));
  });

  it('is not read by ranges', async () => {
    for (const call of ['openMessage', 'decryptRange', 'plaintextSize']) {
      await rejection(signing[call](message), 'SIGNED_MESSAGE');
    }
  });

  it('fits into a buffer of its plaintext’s length, and when encrypted of the length that the error names', async () => {
    const into = Buffer.alloc(plaintext.length);
    const opened = signing.decryptSync(message, { into });
    assert.equal(opened.buffer, into.buffer);
    assert.ok(opened.equals(plaintext));
    const short = await rejection(
      signing.encrypt('x', { into: Buffer.alloc(10) }),
      'INVALID_ARGUMENT',
    );
    const needed = Number(/needs (\d+)/.exec(short.message)[1]);
    const sealed = await signing.encrypt('x', { into: Buffer.alloc(needed) });
    assert.ok(sealed.length <= needed);
    assert.equal(String(await signing.decrypt(sealed)), 'x');
  });

  it('keeps its context, but not its public key, when it is re-encrypted', async () => {
    const plain = new Envelope({ keyring });
    const changed = await signing.reEncrypt(message, plain, { encryptionContext });
    const { header, plaintext: same } = await plain.decryptMessage(changed);
    assert.deepEqual(header.encryptionContext, encryptionContext);
    assert.ok(same.equals(plaintext));
    const again = await plain.reEncrypt(changed, signing);
    assert.ok((await signing.decrypt(again, { encryptionContext })).equals(plaintext));
  });
});
