'use strict';

const assert = require('node:assert/strict');
const { AsyncLocalStorage } = require('node:async_hooks');
const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { describe, it } = require('node:test');
const { setTimeout: wait } = require('node:timers/promises');

const { CustomKeyring, Envelope, MultiKeyring } = require('../..');
const { temporaryFolder } = require('../support/files');
const { rawAes } = require('../support/raw-aes');

const storage = new AsyncLocalStorage();
const raw = rawAes('raw', Buffer.alloc(32, 1));

/** Returns a keyring whose functions record the value of the AsyncLocalStorage that they see. */
function recordingKeyring() {
  const requests = [];
  let key;
  const keyring = new CustomKeyring({
    providerId: 'tests',
    async wrapDataKey({ dataKey }) {
      await wait(1);
      requests.push(storage.getStore());
      key = Buffer.from(dataKey);
      return { ciphertext: Buffer.from('0'), keyName: 'k' };
    },
    async unwrapDataKey() {
      requests.push(storage.getStore());
      return Buffer.from(key);
    },
  });
  return { keyring, requests };
}

describe('the functions of a CustomKeyring see the AsyncLocalStorage', () => {
  const calls = {
    encrypt: (envelope) => envelope.encrypt('x'),
    'encrypt with a signal': (envelope) =>
      envelope.encrypt('x', { signal: new AbortController().signal }),
    decrypt: async (envelope, message) => envelope.decrypt(message),
    decryptRange: async (envelope, message) => envelope.decryptRange(message),
    encryptBatch: (envelope) => envelope.encryptBatch(['x']),
    decryptBatch: (envelope, message) => envelope.decryptBatch([message]),
    encryptStream: (envelope) => buffer(Readable.from(['x']).pipe(envelope.encryptStream())),
    decryptStream: (envelope, message) =>
      buffer(Readable.from([message]).pipe(envelope.decryptStream())),
    encryptWebStream: (envelope) =>
      buffer(Readable.toWeb(Readable.from(['x'])).pipeThrough(envelope.encryptWebStream())),
    decryptWebStream: (envelope, message) =>
      buffer(Readable.toWeb(Readable.from([message])).pipeThrough(envelope.decryptWebStream())),
    encryptText: (envelope) => envelope.encryptText('x'),
    decryptText: (envelope, message) => envelope.decryptText(message),
    openMessage: async (envelope, message) => (await envelope.openMessage(message)).close(),
    encryptFile: async (envelope) => {
      const folder = temporaryFolder();
      fs.writeFileSync(path.join(folder, 'plain'), 'x');
      return envelope.encryptFile(path.join(folder, 'plain'), path.join(folder, 'message'));
    },
  };
  for (const [name, call] of Object.entries(calls)) {
    it(`of the caller of ${name}`, async () => {
      const { keyring, requests } = recordingKeyring();
      const envelope = new Envelope({ keyring });
      const message = await envelope.encrypt('x');
      await Promise.all(
        [1, 2, 3].map((request) => storage.run(request, () => call(envelope, message))),
      );
      assert.deepEqual(requests.slice(1).toSorted(), [1, 2, 3]);
    });
  }

  it('of the caller, also inside a MultiKeyring', async () => {
    const { keyring, requests } = recordingKeyring();
    const envelope = new Envelope({
      keyring: new MultiKeyring({ generator: raw, children: [keyring] }),
    });
    await storage.run('a', () => envelope.encrypt('x'));
    assert.deepEqual(requests, ['a']);
  });

  it('of one of the callers that wait for the same data key', async () => {
    const { keyring, requests } = recordingKeyring();
    const envelope = new Envelope({ keyring, cache: {} });
    await Promise.all(
      [1, 2, 3].map((request) => storage.run(request, () => envelope.encrypt('x'))),
    );
    assert.equal(requests.length, 1);
    assert.ok([1, 2, 3].includes(requests[0]), String(requests));
  });
});

describe('the AsyncLocalStorage of a caller is also seen by', () => {
  it('onHeader and listeners of the header event, whoever writes to the stream', async () => {
    const envelope = new Envelope({ keyring: recordingKeyring().keyring });
    const message = await envelope.encrypt('x');
    const seen = [];
    const note = () => seen.push(storage.getStore());
    const web = storage.run('web', () => envelope.decryptWebStream({ onHeader: note }));
    const node = storage.run('node', () => envelope.decryptStream().on('header', note));
    await buffer(Readable.toWeb(Readable.from([message])).pipeThrough(web));
    await buffer(Readable.from([message]).pipe(node));
    assert.deepEqual(seen, ['web', 'node']);
  });

  it('onProgress', async () => {
    const envelope = new Envelope({ keyring: raw });
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'plain'), Buffer.alloc(30_000_000));
    const seen = new Set();
    const onProgress = () => seen.add(storage.getStore());
    await storage.run('file', () =>
      envelope.encryptFile(path.join(folder, 'plain'), path.join(folder, 'message'), {
        onProgress,
      }),
    );
    assert.deepEqual([...seen], ['file']);
  });

  it('read() of a source: for each range, that of the caller who reads it', async () => {
    const envelope = new Envelope({ keyring: recordingKeyring().keyring });
    const message = await envelope.encrypt(Buffer.alloc(200_000));
    const seen = [];
    const read = async (start, end) => {
      seen.push(storage.getStore());
      return message.subarray(start, end);
    };
    const opened = await storage.run('open', () =>
      envelope.openMessage({ size: message.length, read }),
    );
    const opening = seen.length;
    await storage.run('read', () => opened.read({ start: 5, end: 10 }));
    await opened.close();
    assert.deepEqual([...new Set(seen.slice(0, opening))], ['open']);
    assert.deepEqual([...new Set(seen.slice(opening))], ['read']);
  });
});
