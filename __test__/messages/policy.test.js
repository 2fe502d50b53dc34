'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { CustomKeyring, Envelope, MultiKeyring, inspect } = require('../..');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');
const { cut, ended, through } = require('../support/streams');

const keyring = rawAes('key');
const encryptionContext = { tenant: 'acme', ключ: 'значение' };
const plaintext = crypto.randomBytes(10_500);
const folder = temporaryFolder();
const inFolder = (name) => path.join(folder, name);

describe('required context keys', () => {
  const envelope = new Envelope({ keyring, requiredContextKeys: ['tenant'] });

  it('are authenticated, but not stored', async () => {
    const message = await envelope.encrypt('x', { encryptionContext });
    assert.deepEqual(inspect(message).encryptionContext, { ключ: 'значение' });
    const { header } = await envelope.decryptMessage(message, { encryptionContext });
    assert.deepEqual(header.encryptionContext, encryptionContext);
    await rejection(envelope.decrypt(message), 'INVALID_ARGUMENT');
    const other = { tenant: 'other' };
    await rejection(envelope.decrypt(message, { encryptionContext: other }), 'NO_USABLE_KEY');
    const unaware = new Envelope({ keyring });
    await rejection(unaware.decrypt(message, { encryptionContext }), 'CONTEXT_MISMATCH');
    await rejection(unaware.decrypt(message), 'NO_USABLE_KEY');
  });

  it('must be given, and are not reserved', async () => {
    await rejection(envelope.encrypt('x', { encryptionContext: { a: 'b' } }), 'INVALID_ARGUMENT');
    const requiredContextKeys = ['aws-crypto-public-key'];
    thrown(() => new Envelope({ keyring, requiredContextKeys }), 'INVALID_ARGUMENT');
    thrown(() => new Envelope({ keyring, requiredContextKeys: 'a' }), 'INVALID_ARGUMENT');
  });

  it('hold for streams, files and ranges', async () => {
    const { output } = await through(envelope.encryptStream({ encryptionContext }), [plaintext]);
    fs.writeFileSync(inFolder('sealed'), output);
    const back = await through(envelope.decryptStream({ encryptionContext }), [output]);
    assert.ok(back.output.equals(plaintext));
    await envelope.decryptFile(inFolder('sealed'), inFolder('opened'), { encryptionContext });
    const part = await envelope.decryptRange(inFolder('sealed'), { encryptionContext, end: 9 });
    assert.ok(part.equals(plaintext.subarray(0, 9)));
    await ended(through(envelope.decryptStream(), [output]), 'INVALID_ARGUMENT');
  });
});

describe('allowedKeys', () => {
  const both = new MultiKeyring({ generator: rawAes('old'), children: [rawAes('new')] });

  it('are the only ones that data keys are unwrapped with', async () => {
    const message = new Envelope({ keyring: both }).encryptSync('x');
    const only = (allowedKeys, under = both) => new Envelope({ keyring: under, allowedKeys });
    assert.equal(String(only(['new']).decryptSync(message)), 'x');
    const error = await rejection(only(['other']).decrypt(message), 'NO_USABLE_KEY');
    assert.match(error.message, /"new", "old"/);
    await rejection(only(['new'], rawAes('old')).decrypt(message), 'NO_USABLE_KEY');
  });

  it('are the only ones that data keys are wrapped by', () => {
    const envelope = new Envelope({ keyring: both, allowedKeys: ['old'] });
    assert.match(thrown(() => envelope.encryptSync('x'), 'NO_USABLE_KEY').message, /"new"/);
  });
});

describe('maxEncryptedDataKeys', () => {
  it('is the most that a message may have, written or read', async () => {
    const generator = rawAes('first');
    const both = new MultiKeyring({ generator, children: [rawAes('second')] });
    const message = new Envelope({ keyring: both, maxEncryptedDataKeys: 2 }).encryptSync('x');
    const reader = (most) => new Envelope({ keyring: generator, maxEncryptedDataKeys: most });
    assert.equal(String(await reader(2).decrypt(message)), 'x');
    await rejection(reader(1).decrypt(message), 'LIMIT_EXCEEDED');
    const writer = new Envelope({ keyring: both, maxEncryptedDataKeys: 1 });
    await rejection(writer.encrypt('x'), 'LIMIT_EXCEEDED');
  });
});

describe('maxPlaintextLength', () => {
  const envelope = new Envelope({ keyring, maxPlaintextLength: 1000, frameLength: 100 });
  const unlimited = new Envelope({ keyring, frameLength: 100 });
  const data = plaintext.subarray(0, 1001);

  it('holds in one piece, in streams and in files, both ways', async () => {
    const message = unlimited.encryptSync(data);
    fs.writeFileSync(inFolder('plain'), data);
    fs.writeFileSync(inFolder('sealed'), message);
    const code = 'LIMIT_EXCEEDED';
    await rejection(envelope.encrypt(data), code);
    await rejection(envelope.decrypt(message), code);
    await ended(through(envelope.encryptStream(), cut(data, 50)), code);
    const { output } = await ended(through(envelope.decryptStream(), cut(message, 50)), code);
    assert.ok(output.length <= 1000);
    await rejection(envelope.encryptFile(inFolder('plain'), inFolder('no')), code);
    await rejection(envelope.decryptFile(inFolder('sealed'), inFolder('no')), code);
    assert.ok(!fs.existsSync(inFolder('no')));
    const fits = data.subarray(1);
    assert.ok(envelope.decryptSync(envelope.encryptSync(fits)).equals(fits));
  });

  it('refuses data before a key is asked for, however long they are', async () => {
    const asked = [];
    const refusing = new CustomKeyring({
      providerId: 'tests',
      wrapDataKey: () => asked.push('wrapDataKey') && assert.fail('a key was asked for'),
      unwrapDataKey: () => asked.push('unwrapDataKey') && assert.fail('a key was asked for'),
    });
    const own = new Envelope({ keyring: refusing, maxPlaintextLength: 1000 });
    for (const length of [1001, 200_000]) {
      await rejection(own.encrypt(Buffer.alloc(length)), 'LIMIT_EXCEEDED');
      fs.writeFileSync(inFolder('long'), Buffer.alloc(length));
      await rejection(own.encryptFile(inFolder('long'), inFolder('no')), 'LIMIT_EXCEEDED');
    }
    assert.deepEqual(asked, []);
  });

  it('ends a stream before a frame that is too long is buffered', async () => {
    const long = new Envelope({ keyring, frameLength: 2000 }).encryptSync(Buffer.alloc(2000));
    const start = long.subarray(0, inspect(long).headerLength + 100);
    await ended(through(envelope.decryptStream(), cut(start, 10)), 'LIMIT_EXCEEDED');
    await ended(through(unlimited.decryptStream(), cut(start, 10)), 'TRUNCATED_MESSAGE');
  });

  it('holds for ranges, too', async () => {
    const long = new Envelope({ keyring, frameLength: 100 }).encryptSync(Buffer.alloc(1001));
    const range = { start: 0, end: 1 };
    await rejection(envelope.decryptRange(long, range), 'LIMIT_EXCEEDED');
    await rejection(envelope.plaintextSize(long), 'LIMIT_EXCEEDED');
    await rejection(envelope.openMessage(long), 'LIMIT_EXCEEDED');
    const most = envelope.encryptSync(Buffer.alloc(1000));
    assert.equal((await envelope.decryptRange(most, range)).length, 1);
    assert.equal(await envelope.plaintextSize(most), 1000);
  });
});
