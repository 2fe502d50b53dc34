'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { Envelope, inspect } = require('../..');
const { rawAes } = require('../support/raw-aes');
const { thrown } = require('../support/rejects');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

describe('the option cache', () => {
  const keyring = rawAes();

  it('is refused if it is no object, or has unknown names or values out of range', () => {
    const wrong = [true, 5, [], { maxAgeMs: 0 }, { maxMessages: 0.5 }, { maxBytes: -1 }];
    for (const cache of [...wrong, { maxEntries: 0 }, { ttl: 5 }, { renewBeforeMs: 300_000 }]) {
      thrown(() => new Envelope({ keyring, cache }), 'INVALID_ARGUMENT');
    }
  });

  it('counts a short message with a long header once', () => {
    const envelope = new Envelope({ keyring, cache: { maxMessages: 2 } });
    const encryptionContext = { long: 'x'.repeat(65_000) };
    const data = Buffer.alloc(64 * 1024, 5);
    const messages = [1, 2, 3].map(() => envelope.encryptSync(data, { encryptionContext }));
    const keys = messages.map((message) =>
      inspect(message).encryptedDataKeys[0].ciphertext.toString('hex'),
    );
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[1], keys[2]);
    for (const message of messages) assert.deepEqual(envelope.decryptSync(message), data);
  });

  it('works with a local key: synchronous calls share one data key', () => {
    const envelope = new Envelope({ keyring, cache: {} });
    const messages = ['x', 'y'].map((text) => envelope.encryptSync(text));
    const [a, b] = messages.map((message) => inspect(message).encryptedDataKeys[0].ciphertext);
    assert.deepEqual(a, b);
    assert.equal(String(envelope.decryptSync(messages[1])), 'y');
    assert.equal(new Envelope({ keyring }).stats().cache, undefined);
  });
});
