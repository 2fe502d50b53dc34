'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Envelope, inspect } = require('../..');
const { rawAes } = require('../support/raw-aes');

const envelope = new Envelope({
  keyring: rawAes('key', Buffer.alloc(32, 1)),
});

/** The longest context for which a short message takes the shortest way: 4 bytes a text, 3 a character. */
const SHORT_VALUE = (16 * 1024 - 4 - 4 - 3) / 3;
/** The longest value beside a key of one byte. */
const LONGEST_VALUE = 65_535 - 2 - 2 - 1 - 2;

const CONTEXTS = {
  'no pair': {},
  'a pair of empty texts': { '': '' },
  'short and long texts': { tenant: 'acme', purpose: 'a'.repeat(24), note: 'b'.repeat(25) },
  'texts in several scripts': { größe: 'ß', 用途: '暗号', '😀': '\u{10ffff}', 'a\0b': '\0' },
  'keys that objects inherit': Object.fromEntries([
    ['__proto__', 'x'],
    ['constructor', 'y'],
  ]),
  '1,000 pairs': Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key ${i}`, `${i}`])),
  'a value of 5,457 characters': { k: 'v'.repeat(Math.floor(SHORT_VALUE)) },
  'a value of 5,458 characters': { k: 'ö'.repeat(Math.floor(SHORT_VALUE) + 1) },
  'the longest value': { k: 'v'.repeat(LONGEST_VALUE) },
};

describe('a message has the pairs that it was given', () => {
  for (const [what, encryptionContext] of Object.entries(CONTEXTS)) {
    it(what, async () => {
      const into = Buffer.alloc(100_000);
      for (const message of [
        envelope.encryptSync('data', { encryptionContext }),
        envelope.encryptSync('data', { encryptionContext, into }),
        await envelope.encrypt('data', { encryptionContext }),
      ]) {
        assert.deepEqual(
          Object.entries(inspect(message).encryptionContext).toSorted(),
          Object.entries(encryptionContext).toSorted(),
        );
        assert.equal(String(envelope.decryptSync(message, { encryptionContext })), 'data');
        assert.equal(String(await envelope.decrypt(message, { encryptionContext })), 'data');
        const other = { ...encryptionContext, k: 'another' };
        assert.throws(() => envelope.decryptSync(message, { encryptionContext: other }), {
          code: 'ERR_ENVELOPE_CONTEXT_MISMATCH',
        });
      }
    });
  }

  it('or is refused, if they are too long for a message', async () => {
    const encryptionContext = { k: 'v'.repeat(LONGEST_VALUE + 1) };
    const refused = { code: 'ERR_ENVELOPE_INVALID_ARGUMENT', message: /takes 65536 bytes/ };
    assert.throws(() => envelope.encryptSync('data', { encryptionContext }), refused);
    await assert.rejects(envelope.encrypt('data', { encryptionContext }), refused);
  });
});
