'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { pipeline } = require('node:stream/promises');
const { describe, it } = require('node:test');
const { pathToFileURL } = require('node:url');

const { inspect } = require('../..');
const { flip } = require('../support/edits');
const { same } = require('../support/files');
const { envelope, newPlace, other } = require('../support/places');
const { rejection } = require('../support/rejects');

const KIB = 1024;
const MIB = 1024 * KIB;

describe('encryptFile and decryptFile', () => {
  const lengths = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, MIB - 1, MIB, MIB + 1, 5 * MIB + 3];
  for (const length of lengths) {
    it(`${length} bytes come back as they were`, async () => {
      const data = crypto.randomBytes(length);
      const place = newPlace({ plaintext: data });
      const encrypted = await envelope.encryptFile(place('plaintext'), place('message'));
      const message = fs.readFileSync(place('message'));
      assert.deepEqual(encrypted, { plaintextLength: length, messageLength: message.length });
      assert.deepEqual(await envelope.decryptFile(place('message'), place('back')), encrypted);
      same(fs.readFileSync(place('back')), data);
      same(await envelope.decrypt(message), data);
      same(await readAsStream(place('message')), data);
      assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
    });
  }

  it('file URLs and relative paths name files', async () => {
    const place = newPlace({ 'a b#ü?%41': 'text' });
    const [source, message] = [place('a b#ü?%41'), place('message')].map((p) => pathToFileURL(p));
    await envelope.encryptFile(source, message);
    const here = process.cwd();
    process.chdir(place('.'));
    try {
      const decrypting = envelope.decryptFile('message', path.join('.', 'back'));
      process.chdir(here);
      await decrypting;
    } finally {
      process.chdir(here);
    }
    assert.equal(place.read('back'), 'text');
  });

  it('carry and check an encryption context', async () => {
    const place = newPlace({ plaintext: 'text' });
    const encryptionContext = { tenant: 'acme' };
    await envelope.encryptFile(place('plaintext'), place('message'), { encryptionContext });
    const message = fs.readFileSync(place('message'));
    assert.deepEqual(inspect(message).encryptionContext, encryptionContext);
    await envelope.decryptFile(place('message'), place('back'), { encryptionContext });
    const wrong = { encryptionContext: { tenant: 'other' } };
    const mismatch = envelope.decryptFile(place('message'), place('none'), wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(place.names(), ['back', 'message', 'plaintext']);
  });

  it('many files can be worked on at once', async () => {
    const place = newPlace({ plaintext: crypto.randomBytes(MIB) });
    const names = Array.from({ length: 40 }, (_, i) => `message ${i}`);
    await Promise.all(names.map((name) => envelope.encryptFile(place('plaintext'), place(name))));
    const back = (name) => place(`${name} back`);
    await Promise.all(names.map((name) => envelope.decryptFile(place(name), back(name))));
    const plaintext = fs.readFileSync(place('plaintext'));
    for (const name of names) same(fs.readFileSync(back(name)), plaintext);
  });
});

describe('reEncryptFile', () => {
  it('leaves a message under the other key alone, with the context', async () => {
    const data = crypto.randomBytes(MIB + 1);
    const place = newPlace({ plaintext: data });
    const encryptionContext = { tenant: 'acme' };
    const options = { encryptionContext };
    const old = await envelope.encryptFile(place('plaintext'), place('old'), options);
    const result = await envelope.reEncryptFile(place('old'), place('new'), other, options);
    const message = fs.readFileSync(place('new'));
    const lengths = { oldMessageLength: old.messageLength, messageLength: message.length };
    assert.deepEqual(result, lengths);
    same(await other.decrypt(message, options), data);
    assert.equal(inspect(message).frameLength, 1000);
    const { messageId } = inspect(fs.readFileSync(place('old')));
    assert.notDeepEqual(inspect(message).messageId, messageId);
    await rejection(envelope.decrypt(message), 'NO_USABLE_KEY');
    const wrong = { encryptionContext: { tenant: 'other' } };
    const mismatch = envelope.reEncryptFile(place('old'), place('none'), other, wrong);
    await rejection(mismatch, 'CONTEXT_MISMATCH');
    assert.deepEqual(place.names(), ['new', 'old', 'plaintext']);
  });

  it('takes a new context', async () => {
    const place = newPlace({ plaintext: 'text' });
    await envelope.encryptFile(place('plaintext'), place('old'), { encryptionContext: { a: 'b' } });
    for (const newEncryptionContext of [{ c: 'd' }, {}]) {
      const options = { newEncryptionContext, overwrite: true };
      await envelope.reEncryptFile(place('old'), place('new'), other, options);
      const { encryptionContext } = inspect(fs.readFileSync(place('new')));
      assert.deepEqual(encryptionContext, newEncryptionContext);
    }
  });

  it('refuses a message that was changed', async () => {
    const message = envelope.encryptSync(crypto.randomBytes(3 * MIB));
    const place = newPlace({ old: flip(message, 'final tag') });
    const failed = envelope.reEncryptFile(place('old'), place('new'), other);
    await rejection(failed, 'AUTHENTICATION_FAILED');
    assert.deepEqual(place.names(), ['old']);
  });
});

async function readAsStream(file) {
  const pieces = [];
  await pipeline(fs.createReadStream(file), envelope.decryptStream(), async (plaintext) => {
    for await (const piece of plaintext) pieces.push(piece);
  });
  return Buffer.concat(pieces);
}
