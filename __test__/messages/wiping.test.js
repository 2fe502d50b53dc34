'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Envelope, RawAesKeyring } = require('../..');
const { flip, truncate } = require('../support/edits');
const { rejection } = require('../support/rejects');

const PLAINTEXT = Buffer.alloc(3_000, 'secret text');
const SIGNED = 'AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384';

/** How a message is changed after its first frame, which still verifies, and how that is refused. */
const EDITS = {
  'a changed second frame': [
    (message) => flip(message, 'frame 2 content'),
    'AUTHENTICATION_FAILED',
  ],
  'a changed final tag': [(message) => flip(message, 'final tag'), 'AUTHENTICATION_FAILED'],
  'a changed last byte': [(message) => flip(message, 'last byte'), 'AUTHENTICATION_FAILED'],
  'a cut before its final frame': [
    (message) => truncate(message, { before: 'final frame' }),
    'TRUNCATED_MESSAGE',
  ],
  'a byte after its end': [
    (message) => Buffer.concat([message, Buffer.of(0)]),
    'MALFORMED_MESSAGE',
  ],
};

const CALLS = {
  decrypt: (envelope, message) => envelope.decrypt(message),
  decryptMessage: (envelope, message) => envelope.decryptMessage(message),
  decryptSync: async (envelope, message) => envelope.decryptSync(message),
  async decryptBatch(envelope, message) {
    const [result] = await envelope.decryptBatch([message]);
    if (result.status === 'rejected') throw result.reason;
  },
};

describe('a decryption that fails', () => {
  const envelopes = { unsigned: envelope(), signed: envelope(SIGNED) };

  for (const [kind, own] of Object.entries(envelopes)) {
    const message = own.encryptSync(PLAINTEXT);
    for (const [edit, [change, code]] of Object.entries(EDITS)) {
      for (const [name, call] of Object.entries(CALLS)) {
        it(`leaves no plaintext of a message with ${edit}, ${kind} behind: ${name}`, async () => {
          const buffers = await allocatedBy(() => rejection(call(own, change(message)), code));
          assert.ok(buffers.length > 0, 'a buffer for the plaintext was seen');
          assert.ok(!buffers.some(holdsPlaintext), 'plaintext is left in a buffer');
        });
      }

      it(`leaves no plaintext in \`into\` with ${edit}, ${kind}`, async () => {
        const into = Buffer.alloc(message.length + 1, 0xaa);
        await rejection(own.decrypt(change(message), { into }), code);
        assert.ok(!holdsPlaintext(into));
      });
    }
  }

  it('would be noticed here if it left plaintext: that of a successful one is found', async () => {
    const message = envelopes.unsigned.encryptSync(PLAINTEXT);
    const buffers = await allocatedBy(() => envelopes.unsigned.decrypt(message));
    assert.ok(buffers.some(holdsPlaintext));
  });
});

function envelope(algorithmSuite) {
  const wrappingKey = Buffer.alloc(32, 1);
  const keyring = new RawAesKeyring({ keyNamespace: 'test', keyName: 'wiping', wrappingKey });
  return new Envelope({ keyring, frameLength: 1_000, ...(algorithmSuite && { algorithmSuite }) });
}

/** Returns the buffers that the library allocates for outputs during an action. */
async function allocatedBy(action) {
  const { allocUnsafe } = Buffer;
  const buffers = [];
  Buffer.allocUnsafe = (length) => {
    // Not from the pool, so that no other content shows.
    const buffer = Buffer.alloc(length);
    buffers.push(buffer);
    return buffer;
  };
  try {
    await action();
  } finally {
    Buffer.allocUnsafe = allocUnsafe;
  }
  return buffers;
}

function holdsPlaintext(buffer) {
  return buffer.includes('secret');
}
