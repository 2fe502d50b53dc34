'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { Envelope, RawAesKeyring } = require('../..');
const { rejection } = require('../support/rejects');
const { ended, throughWeb } = require('../support/streams');

const MIB = 1024 * 1024;
const aes = { keyNamespace: 'tests', keyName: 'key', wrappingKey: crypto.randomBytes(32) };
const keyring = new RawAesKeyring(aes);
const envelope = new Envelope({ keyring });

describe('a chunk that waits for its turn in a stream', () => {
  const hold = async (stream, chunk, change) => {
    const writer = stream.getWriter();
    const reading = new Response(stream.readable).arrayBuffer();
    const first = writer.write(new Uint8Array(2 * MIB));
    const second = writer.write(chunk);
    change();
    const results = await Promise.allSettled([first, second, writer.close(), reading]);
    return results.at(-1);
  };
  const open = (stream) => ({
    getWriter: () => stream.writable.getWriter(),
    readable: stream.readable,
  });

  it('detached between write() and its turn: the Web stream ends with an error', async () => {
    const chunk = new Uint8Array(1000);
    const { reason } = await hold(open(envelope.encryptWebStream()), chunk, () => detached(chunk));
    await rejection(Promise.reject(reason), 'INVALID_ARGUMENT');
  });

  it('shrunk between write() and its turn: the Web stream ends with an error', async () => {
    const buffer = new ArrayBuffer(1000, { maxByteLength: 1000 });
    const change = () => buffer.resize(10);
    const chunk = new Uint8Array(buffer);
    const { reason } = await hold(open(envelope.encryptWebStream()), chunk, change);
    await rejection(Promise.reject(reason), 'INVALID_ARGUMENT');
  });

  for (const [what, change] of Object.entries({
    detached: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
    shrunk: (buffer) => buffer.resize(10),
  })) {
    it(`${what} between write() and its turn: the Node.js stream ends with an error`, async () => {
      const buffer = new ArrayBuffer(1000, { maxByteLength: 1000 });
      const stream = envelope.encryptStream();
      const closing = new Promise((resolve) => stream.once('error', resolve));
      stream.resume();
      stream.write(new Uint8Array(2 * MIB));
      stream.write(new Uint8Array(buffer));
      change(buffer);
      stream.end();
      await rejection(Promise.reject(await closing), 'INVALID_ARGUMENT');
    });
  }

  it('written twice, whole: comes out twice', async () => {
    const chunk = crypto.randomBytes(1000);
    const web = await throughWeb(envelope.encryptWebStream(), [chunk, chunk, 'text']);
    const expected = Buffer.concat([chunk, chunk, Buffer.from('text')]);
    assert.ok(envelope.decryptSync(web.output).equals(expected));
  });

  it('that is no bytes: both sides of a Web stream end with an error', async () => {
    for (const wrong of [5, {}, null, undefined, '\ud800', detached(new Uint8Array(5))]) {
      await ended(throughWeb(envelope.encryptWebStream(), [wrong]), 'INVALID_ARGUMENT');
    }
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const odd = { toString: undefined, [Symbol.toPrimitive]: () => 'x' };
    for (const wrong of [proxy, odd]) {
      const { reason } = await hold(open(envelope.encryptWebStream()), wrong, () => {});
      await rejection(Promise.reject(reason), 'INVALID_ARGUMENT');
    }
  });
});

function detached(view) {
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}
