'use strict';

const { AsyncLocalStorage } = require('node:async_hooks');
const assert = require('node:assert/strict');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');

const DATA = Buffer.alloc(3 * 1024 * 1024, 'surroundings');

/** What a program does with the package, in one call. */
async function exercise(library, { streams = true } = {}) {
  await wholeMessages(library);
  await functionsOfOnesOwn(library);
  await files(library);
  await loadedLater(library);
  if (streams) await inStreams(library);
  return 'works';
}

function envelopeOf({ Envelope, RawAesKeyring }) {
  const wrappingKey = Buffer.alloc(32, 7);
  const keyring = new RawAesKeyring({ keyNamespace: 'tests', keyName: 'raw', wrappingKey });
  return new Envelope({ keyring });
}

/** Long enough for several turns of the event loop. */
async function wholeMessages(library) {
  const envelope = envelopeOf(library);
  const { signal } = new AbortController();
  const message = await envelope.encrypt(DATA, { signal, encryptionContext: { a: 'b' } });
  assert.ok(DATA.equals(await envelope.decrypt(message, { signal })));
  message[message.length - 1] ^= 1;
  const failed = await envelope.decrypt(message).catch((error) => error);
  assert.equal(failed.code, 'ERR_ENVELOPE_AUTHENTICATION_FAILED');
  assert.ok(failed instanceof library.EnvelopeError);
}

async function functionsOfOnesOwn({ CustomKeyring, Envelope }) {
  const storage = new AsyncLocalStorage();
  const keys = [];
  const keyring = new CustomKeyring({
    providerId: 'tests',
    async wrapDataKey({ dataKey }) {
      keys.push([Buffer.from(dataKey), storage.getStore()]);
      return { ciphertext: Buffer.from('0'), keyName: 'k' };
    },
    unwrapDataKey: async () => Buffer.from(keys[0][0]),
  });
  const envelope = new Envelope({ keyring });
  const message = await storage.run('request 7', () => envelope.encrypt('x'));
  assert.equal(String(await envelope.decrypt(message)), 'x');
  assert.equal(keys[0][1], 'request 7');
}

async function files(library) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kms-envelope-exercise-'));
  try {
    const [plain, message, back] = ['plain', 'message', 'back'].map((n) => path.join(folder, n));
    fs.writeFileSync(plain, DATA);
    const envelope = envelopeOf(library);
    await envelope.encryptFile(plain, message);
    await envelope.decryptFile(message, back);
    assert.ok(DATA.equals(fs.readFileSync(back)));
    const range = await envelope.decryptRange(message, { start: 100, end: 200 });
    assert.ok(DATA.subarray(100, 200).equals(range));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What is loaded when it is first read. */
async function loadedLater(library) {
  const keyset = library.Keyset.generate('AES256_GCM');
  assert.equal(String(keyset.decrypt(keyset.encrypt('x'))), 'x');
  await assert.rejects(library.Fields.open({}), library.EnvelopeError);
  const outputs = new library.OutputPool();
  const output = outputs.acquire();
  const message = await envelopeOf(library).encrypt(DATA, { into: output });
  assert.ok(library.inspect(message).headerLength < message.length);
  output.release();
  assert.equal(message.length, 0);
  assert.ok(outputs.idleBytes > DATA.length);
}

async function inStreams(library) {
  const envelope = envelopeOf(library);
  const source = Readable.from([DATA.subarray(0, 1_000_000), DATA.subarray(1_000_000)]);
  const message = await buffer(source.pipe(envelope.encryptStream()));
  const web = Readable.toWeb(Readable.from([message])).pipeThrough(envelope.decryptWebStream());
  assert.ok(DATA.equals(await buffer(web)));
}

module.exports = { exercise };
