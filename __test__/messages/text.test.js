'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const api = require('../..');
const { flip } = require('../support/edits');
const { temporaryFolder } = require('../support/files');
const { rejection } = require('../support/rejects');

const file = path.join(temporaryFolder(), 'dev.key');
const envelope = new api.Envelope({ keyring: api.LocalKeyring.generate(file) });
const encryptionContext = { tenant: 'acme' };

describe('text and JSON', () => {
  it('come back as they were, and their message is text, too', async () => {
    for (const text of ['', 'grün', '\ufeffwith a mark', 'x'.repeat(200_000)]) {
      const message = await envelope.encryptText(text, { encryptionContext });
      assert.match(message, /^[\w-]+$/);
      assert.equal(await envelope.decryptText(message, { encryptionContext }), text);
    }
    for (const value of [null, 0, '', [1, { a: 'grün' }], { nested: { list: [true] } }]) {
      assert.deepEqual(await envelope.decryptJson(await envelope.encryptJson(value)), value);
    }
  });

  it('are read from base64 and from bytes, too, as others store them', async () => {
    const message = envelope.encryptSync('{"a":1}');
    for (const stored of [message, message.toString('base64'), message.toString('base64url')]) {
      assert.equal(await envelope.decryptText(stored), '{"a":1}');
      assert.deepEqual(await envelope.decryptJson(stored), { a: 1 });
    }
  });

  it('have functions of the module, with a keyId', async () => {
    const keyId = `local:${file}`;
    const { encryptText, decryptText, encryptJson, decryptJson } = api;
    assert.equal(await decryptText(await encryptText('x', { keyId }), { keyId }), 'x');
    assert.deepEqual(await decryptJson(await encryptJson([1], { keyId }), { keyId }), [1]);
  });

  it('check the encryption context and the signal as encrypt and decrypt do', async () => {
    const message = await envelope.encryptText('x');
    await rejection(envelope.decryptText(message, { encryptionContext }), 'CONTEXT_MISMATCH');
    const signal = AbortSignal.abort();
    await rejection(envelope.encryptJson({}, { signal }), 'ABORTED');
    await rejection(envelope.encryptText('x', { into: Buffer.alloc(9) }), 'INVALID_ARGUMENT');
  });

  it('are refused if they are no text or JSON, and the error shows nothing of them', async () => {
    const circle = { secret: 'hunter2' };
    circle.circle = circle;
    const secret = envelope.encryptSync('hunter2');
    const bytes = envelope.encryptSync(Buffer.from([0xff, 0xfe]));
    const thrower = {
      toJSON() {
        throw new Error('hunter2');
      },
    };
    for (const call of [
      ...[circle, 1n, undefined, () => 1, Symbol('hunter2'), thrower].map((it) =>
        envelope.encryptJson(it),
      ),
      ...[Buffer.from('hunter2'), 5, undefined, '\ud800'].map((it) => envelope.encryptText(it)),
      envelope.decryptJson(secret),
      envelope.decryptText(bytes),
      envelope.decryptText('hunter2 is no base64'),
    ]) {
      const error = await rejection(call, 'INVALID_ARGUMENT');
      assert.ok(!error.message.includes('hunter2'), error.message);
      assert.equal(error.cause, undefined);
    }
  });
});

describe('a stream of an opened message', () => {
  const plaintext = Buffer.alloc(3 * 1024 * 1024 + 5, 'some text of 17 b');

  it('gives the bytes of its range, or all', async () => {
    const message = await envelope.openMessage(envelope.encryptSync(plaintext));
    const { size } = message;
    for (const range of [undefined, {}, { start: 5, end: 5 }, { start: 7 }, { end: 2_000_001 }]) {
      const { start = 0, end = size } = range ?? {};
      const found = Buffer.concat(await message.stream(range).toArray());
      assert.ok(found.equals(plaintext.subarray(start, end)), JSON.stringify(range));
    }
    assert.throws(() => message.stream({ start: size + 1 }), { code: 'ERR_ENVELOPE_RANGE' });
    await message.close();
  });

  it('reads no more than is wanted, and ends with an error at a frame that was changed', async () => {
    const sealed = envelope.encryptSync(plaintext);
    const reads = [];
    const read = (start, end) => {
      reads.push(start);
      return sealed.subarray(start, end);
    };
    const message = await envelope.openMessage({ size: sealed.length, read });
    const opening = reads.length;
    for await (const piece of message.stream()) {
      assert.ok(piece.length > 0);
      break;
    }
    assert.ok(reads.length - opening <= 2, `${reads.length - opening} reads`);

    flip(sealed, 'frame 40 content').copy(sealed);
    let length = 0;
    await assert.rejects(
      async () => {
        for await (const piece of message.stream()) length += piece.length;
      },
      { code: 'ERR_ENVELOPE_AUTHENTICATION_FAILED' },
    );
    assert.ok(length < 2.5 * 1024 * 1024);
  });
});
