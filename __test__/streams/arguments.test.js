'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const api = require('../..');
const { temporaryFolder } = require('../support/files');
const { rejection, thrown } = require('../support/rejects');
const { envelope, inputOf } = require('../support/stream-envelopes');
const { ended, through } = require('../support/streams');

const { LocalKeyring } = api;

const KIB = 1024;
const MIB = 1024 * KIB;
const DIRECTIONS = ['encryptStream', 'decryptStream'];

describe('arguments of the streams', () => {
  it('of the wrong kind are refused at once', () => {
    const options = [null, 'x', 5, [], { keyId: 'x' }, { into: Buffer.alloc(9) }, { signal: {} }];
    for (const encryptionContext of [null, [], { a: 1 }]) options.push({ encryptionContext });
    for (const plaintextLength of [-1, 1.5, NaN, '5', 2 ** 53]) options.push({ plaintextLength });
    for (const wrong of options) {
      for (const direction of DIRECTIONS) {
        thrown(() => envelope[direction](wrong), 'INVALID_ARGUMENT');
      }
    }
  });

  it('chunks of shared memory are refused', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    for (const direction of DIRECTIONS) {
      await ended(through(envelope[direction](), [shared]), 'INVALID_ARGUMENT');
    }
  });

  it('chunks that are no bytes end the stream, and the error reaches the writer', async () => {
    for (const direction of DIRECTIONS) {
      for (const how of ['write', 'end']) {
        for (const wrong of [5, {}, [], true, Symbol('x'), '\ud800']) {
          const stream = envelope[direction]();
          const seen = new Promise((resolve) => stream.once('error', resolve));
          const told = new Promise((resolve) => stream[how](wrong, resolve));
          await rejection(Promise.reject(await seen), 'INVALID_ARGUMENT');
          await rejection(Promise.reject(await told), 'INVALID_ARGUMENT');
        }
      }
    }
  });

  it('a chunk whose buffer is detached midway ends the stream with an error', async () => {
    for (const direction of DIRECTIONS) {
      const input = inputOf(direction, Buffer.alloc(8 * MIB));
      const chunk = new Uint8Array(input.subarray(500));
      const stream = envelope[direction]();
      stream.once('data', () => structuredClone(chunk.buffer, { transfer: [chunk.buffer] }));
      const running = through(stream, [input.subarray(0, 500), chunk]);
      const { pushes } = await ended(running, 'INVALID_ARGUMENT');
      assert.ok(pushes.length < 8);
    }
  });

  it("an error of the header's listener ends the stream with it", async () => {
    const message = envelope.encryptSync('x');
    for (const mine of [new Error('mine'), new Error('{mine}')]) {
      const stream = envelope.decryptStream();
      stream.on('header', () => {
        throw mine;
      });
      const { error } = await through(stream, [message]);
      assert.ok(error === mine || error.cause === mine);
    }
  });
});

describe('the module functions for streams', () => {
  it('use the key of the option or of ENCRYPTION_KEY_ID', async () => {
    const file = path.join(temporaryFolder(), 'dev.key');
    LocalKeyring.generate(file);
    const keyId = `local:${file}`;
    delete process.env.ENCRYPTION_KEY_ID;
    for (const direction of DIRECTIONS) {
      const { message } = thrown(() => api[direction](), 'INVALID_ARGUMENT');
      assert.match(message, /ENCRYPTION_KEY_ID/);
      thrown(() => api[direction](null), 'INVALID_ARGUMENT');
    }
    const encryptionContext = { a: 'b' };
    const sealed = await through(api.encryptStream({ keyId, encryptionContext }), ['x']);
    process.env.ENCRYPTION_KEY_ID = keyId;
    const opened = await through(api.decryptStream({ encryptionContext }), [sealed.output]);
    assert.equal(opened.output.toString(), 'x');
    assert.equal(await api.decrypt(sealed.output).then(String), 'x');
  });
});
