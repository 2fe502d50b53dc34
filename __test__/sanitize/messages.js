'use strict';

const assert = require('node:assert/strict');

const binding = require('../../lib/native/load.js');
const { EnvelopeError, OutputPool, inspect } = require('../..');
const { bytes, envelope, exact } = require('./envelopes');

const MIB = 1024 * 1024;
const encryptionContext = { tenant: 'acme', ключ: '\u{1f600}' };

/** Every suite, with lengths around those of its frames, into buffers of the right length. */
async function suites() {
  for (const { id, name } of binding.algorithmSuites()) {
    const own = envelope(settingsFor(id, name));
    for (const length of [0, 1, 99, 100, 101, 200, 333]) await thereAndBack(own, bytes(length));
  }
}

function settingsFor(id, algorithmSuite) {
  const commits = id === 0x0478 || id === 0x0578;
  const commitmentPolicy = `${commits ? 'require' : 'forbid'}EncryptAllowDecrypt`;
  return { algorithmSuite, commitmentPolicy };
}

async function thereAndBack(own, data) {
  const message = exact(own.encryptSync(data, { encryptionContext }));
  const room = Buffer.allocUnsafeSlow(message.length + 8);
  const again = await own.encrypt(data, { encryptionContext, into: room });
  for (const into of [undefined, Buffer.allocUnsafeSlow(data.length)]) {
    for (const each of [message, exact(again)]) {
      assert.deepEqual(own.decryptSync(each, { encryptionContext, into }), data);
      assert.deepEqual(await own.decrypt(each, { encryptionContext, into }), data);
    }
  }
  assert.equal(inspect(message).encryptionContext.tenant, 'acme');
}

/** More than one slice, by several threads. */
async function large() {
  const data = bytes(5 * MIB + 17);
  const own = envelope({ frameLength: 65_536 });
  const message = exact(await own.encrypt(data));
  const { plaintext } = await own.decryptMessage(message);
  assert.ok(data.equals(plaintext));
  assert.ok(data.equals(own.decryptSync(exact(own.encryptSync(data)))));
  const outputs = new OutputPool();
  for (let i = 0; i < 3; i++) {
    const output = outputs.acquire();
    assert.ok(data.equals(await own.decrypt(message, { into: output })));
    output.release();
  }
}

/** Each kind of input, at odd places of its memory. */
async function kindsOfInput() {
  const own = envelope();
  const { buffer } = bytes(64);
  const inputs = [buffer, new DataView(buffer, 3, 7), new Uint16Array(buffer, 2, 5), 'text', ''];
  for (const input of inputs) {
    const plaintext = await own.decrypt(await own.encrypt(input));
    const { byteLength = Buffer.byteLength(input) } = input;
    assert.equal(plaintext.length, byteLength);
  }
}

/** Messages with a wrong byte, and cut ones: refused, whoever reads them. */
async function wrongMessages() {
  const own = envelope();
  const message = own.encryptSync(bytes(230), { encryptionContext });
  for (let at = 0; at < message.length; at++) {
    const changed = exact(message);
    changed[at] ^= 0x81;
    refused(() => own.decryptSync(changed));
    const cut = exact(message.subarray(0, at));
    refused(() => own.decryptSync(cut));
    if (at % 16 !== 0) continue;
    await assert.rejects(own.decrypt(changed), EnvelopeError);
    await assert.rejects(own.decryptRange(changed), EnvelopeError);
    await assert.rejects(own.reEncrypt(cut, own), EnvelopeError);
  }
}

function refused(call) {
  assert.throws(call, EnvelopeError);
}

/** Ranges that begin and end within, at and beyond the frames. */
async function ranges() {
  const own = envelope();
  const data = bytes(1050);
  const message = exact(own.encryptSync(data));
  const source = {
    size: message.length,
    read: async (start, end) => exact(message.subarray(start, end)),
  };
  assert.equal(await own.plaintextSize(message), data.length);
  const opened = await own.openMessage(source);
  for (const [start, end] of [
    [0, 0],
    [0, 1],
    [99, 101],
    [100, 200],
    [950, 1050],
    [1000, 1050],
    [0, 1050],
  ]) {
    const expected = data.subarray(start, end);
    assert.deepEqual(await opened.read({ start, end }), expected);
    assert.deepEqual(await own.decryptRange(message, { start, end }), expected);
  }
  await opened.close();
  await assert.rejects(opened.read(), EnvelopeError);
}

async function reEncrypt() {
  const [from, to] = [envelope(), envelope({ frameLength: 7 })];
  for (const length of [0, 1, 100, 333]) {
    const data = bytes(length);
    const message = exact(from.encryptSync(data));
    const room = Buffer.allocUnsafeSlow(to.encryptSync(data, { encryptionContext }).length);
    const options = { newEncryptionContext: encryptionContext, into: room };
    const again = await from.reEncrypt(message, to, options);
    assert.deepEqual(to.decryptSync(exact(again), { encryptionContext }), data);
  }
}

module.exports = { suites, large, kindsOfInput, wrongMessages, ranges, reEncrypt };
