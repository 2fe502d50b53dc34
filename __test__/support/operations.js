'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { Envelope } = require('../..');
const { methodNames } = require('../../scripts/public-api.js');

/** The properties of an envelope that are no operations. */
const NO_OPERATION = new Set(['clearCache', 'stats']);

/**
 * Every operation of an envelope, for tests in which each of them must fail.
 *
 * @param {object} given
 * @param {object} given.options options of an envelope whose key cannot be used
 * @param {Envelope} given.working an envelope that works
 * @param {Buffer} given.plaintext
 * @param {Buffer} given.message under the key that cannot be used
 * @param {Buffer} given.workingMessage under the key that works
 * @param {Buffer} given.blob a wrapped data key
 * @param {string} given.folder for files
 * @returns {Record<string, () => unknown>} each rejects or throws
 */
function operations({ options, working, plaintext, message, workingMessage, blob, folder }) {
  const envelope = new Envelope(options);
  const cached = new Envelope({ ...options, cache: {} });
  const encrypted = path.join(folder, 'message');
  const plain = path.join(folder, 'plaintext');
  const out = path.join(folder, 'out');
  fs.writeFileSync(encrypted, message);
  fs.writeFileSync(plain, plaintext);
  const pair = { keyPairSpec: 'ECC_NIST_P256' };
  const calls = {
    open: () => Envelope.open(options),
    encrypt: () => envelope.encrypt(plaintext),
    encryptSync: () => envelope.encryptSync(plaintext),
    encryptText: () => envelope.encryptText(plaintext.toString('latin1')),
    encryptJson: () => envelope.encryptJson({ value: plaintext.toString('latin1') }),
    decryptText: () => envelope.decryptText(message),
    decryptJson: () => envelope.decryptJson(message),
    encryptBatch: () => eachOf(envelope.encryptBatch([plaintext, plaintext])),
    encryptStream: () => through(plaintext, envelope.encryptStream()),
    encryptWebStream: () => throughWeb(plaintext, envelope.encryptWebStream()),
    encryptFile: () => envelope.encryptFile(plain, out),
    decrypt: () => envelope.decrypt(message),
    decryptMessage: () => envelope.decryptMessage(message),
    decryptSync: () => envelope.decryptSync(message),
    decryptBatch: () => eachOf(envelope.decryptBatch([message, message])),
    decryptStream: () => through(message, envelope.decryptStream()),
    decryptWebStream: () => throughWeb(message, envelope.decryptWebStream()),
    decryptFile: () => envelope.decryptFile(encrypted, out),
    decryptRange: () => envelope.decryptRange(message, { start: 0, end: 5 }),
    openMessage: () => envelope.openMessage(message),
    plaintextSize: () => envelope.plaintextSize(encrypted),
    reEncrypt: () => envelope.reEncrypt(message, working),
    reEncryptStream: () => through(message, envelope.reEncryptStream(working)),
    reEncryptFile: () => envelope.reEncryptFile(encrypted, out, working),
    'reEncrypt to it': () => working.reEncrypt(workingMessage, envelope),
    'reEncryptStream to it': () => through(workingMessage, working.reEncryptStream(envelope)),
    warm: () => cached.warm(),
    'encrypt, with a cache': () => cached.encrypt(plaintext),
    'decrypt, with a cache': () => cached.decrypt(message),
    generateDataKey: () => envelope.generateDataKey(),
    generateDataKeyWithoutPlaintext: () => envelope.generateDataKeyWithoutPlaintext(),
    decryptDataKey: () => envelope.decryptDataKey(blob),
    rewrapDataKey: () => envelope.rewrapDataKey(blob, envelope),
    generateDataKeyPair: () => envelope.generateDataKeyPair(pair),
    generateDataKeyPairWithoutPlaintext: () => envelope.generateDataKeyPairWithoutPlaintext(pair),
    encryptDirect: () => envelope.encryptDirect(plaintext),
    'encryptDirect of little': () => envelope.encryptDirect(plaintext.subarray(0, 10)),
    decryptDirect: () => envelope.decryptDirect(blob),
  };
  const missing = methodNames(Envelope).filter(
    (name) => !NO_OPERATION.has(name) && !(name in calls),
  );
  if (missing.length > 0) throw new Error(`no call of ${missing.join(', ')}`);
  return calls;
}

/** The first error of a batch. */
async function eachOf(batch) {
  for (const { status, reason } of await batch) if (status === 'rejected') throw reason;
}

async function through(input, stream) {
  await pipeline(Readable.from([input]), stream, async (pieces) => {
    for await (const piece of pieces) piece.fill(0);
  });
}

async function throughWeb(input, stream) {
  const source = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(input));
      controller.close();
    },
  });
  await source.pipeThrough(stream).pipeTo(new WritableStream());
}

module.exports = { operations };
