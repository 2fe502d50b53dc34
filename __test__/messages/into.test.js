'use strict';

const assert = require('node:assert/strict');
const crypto = require('node:crypto');
const { describe, it } = require('node:test');

const { Envelope } = require('../..');
const { flip } = require('../support/edits');
const { rawAes } = require('../support/raw-aes');
const { rejection, thrown } = require('../support/rejects');

const keyring = rawAes();
const envelope = new Envelope({ keyring });
const signing = new Envelope({ keyring, algorithmSuite: 0x0578 });
const MIB = 1024 * 1024;
/** The longest input that takes the short way, and one more byte. */
const SHORT = 64 * 1024;

describe('into', () => {
  it('is where the output goes', async () => {
    const data = crypto.randomBytes(3 * MIB);
    const room = Buffer.alloc(4 * MIB, 0xaa);
    const message = await envelope.encrypt(data, { into: room.subarray(5) });
    assert.equal(message.buffer, room.buffer);
    assert.equal(room[4], 0xaa);
    assert.equal(room[5 + message.length], 0xaa);
    const into = new Uint8Array(message.length);
    const plaintext = await envelope.decrypt(message, { into });
    assert.equal(plaintext.buffer, into.buffer);
    assert.deepEqual(plaintext, data);
  });

  it('is refused if it is too short, overlaps the input, or is shared', async () => {
    const data = Buffer.alloc(100);
    const error = await rejection(
      envelope.encrypt(data, { into: Buffer.alloc(100) }),
      'INVALID_ARGUMENT',
    );
    assert.match(error.message, /needs \d+/);
    const room = Buffer.alloc(1000);
    const shared = new Uint8Array(new SharedArrayBuffer(1000));
    for (const into of [room, shared, {}, 'x', new ArrayBuffer(1000)]) {
      await rejection(envelope.encrypt(room.subarray(100, 200), { into }), 'INVALID_ARGUMENT');
    }
  });

  it('holds nothing of a message that fails', async () => {
    for (const length of [1000, 3 * MIB]) {
      const message = flip(envelope.encryptSync(Buffer.alloc(length, 0x55)), 'final tag');
      for (const call of ['decrypt', 'decryptSync']) {
        const into = Buffer.alloc(message.length, 0xaa);
        const failed = (async () => envelope[call](message, { into }))();
        await rejection(failed, 'AUTHENTICATION_FAILED');
        assert.ok(!into.includes(0x55), `${call} of ${length} bytes`);
      }
    }
  });

  for (const length of [0, 1, 1000, SHORT, SHORT + 1]) {
    it(`is not written around ${length} bytes of output, also when the call fails`, async () => {
      const data = crypto.randomBytes(length);
      for (const writer of [envelope, signing]) {
        const room = Buffer.alloc(length + 2000, 0xaa);
        const message = Buffer.from(await writer.encrypt(data, { into: room.subarray(7) }));
        assertAround(room, 7, message);
        const plain = Buffer.alloc(length + 2000, 0xaa);
        assert.deepEqual(writer.decryptSync(message, { into: plain.subarray(7) }), data);
        assertAround(plain, 7, data);
        const failed = Buffer.alloc(length + 2000, 0xaa);
        thrown(
          () => writer.decryptSync(message.subarray(0, -1), { into: failed.subarray(7) }),
          'TRUNCATED_MESSAGE',
        );
        assert.ok(failed.subarray(7 + length).every((byte) => byte === 0xaa));
      }
    });
  }

  it('can be as short as the output, and in the same memory before the input', async () => {
    const data = crypto.randomBytes(1000);
    const message = envelope.encryptSync(data);
    const exact = Buffer.alloc(data.length);
    assert.deepEqual(await envelope.decrypt(message, { into: exact }), data);
    const memory = Buffer.alloc(1000 + message.length);
    const input = memory.subarray(1000);
    input.set(message);
    const plaintext = envelope.decryptSync(input, { into: memory });
    assert.deepEqual(plaintext, data);
    assert.equal(plaintext.buffer, memory.buffer);
    assert.throws(() => envelope.decryptSync(input, { into: memory.subarray(1) }), /overlaps/);
    assert.throws(
      () => envelope.decryptSync(message, { into: Buffer.alloc(999) }),
      /into has 999 bytes; the output needs 1000/,
    );
  });
});

/** Asserts that a buffer of 0xaa holds the expected bytes at a place, and was not written around them. */
function assertAround(room, at, expected) {
  assert.ok(room.subarray(0, at).every((byte) => byte === 0xaa));
  assert.deepEqual(room.subarray(at, at + expected.length), expected);
  assert.ok(room.subarray(at + expected.length).every((byte) => byte === 0xaa));
}
