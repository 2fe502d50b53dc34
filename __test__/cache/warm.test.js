'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { CustomKeyring, Envelope } = require('../..');

describe('a cache that is warmed', () => {
  it('keeps the data keys of however many messages, each of which decrypts at once', async () => {
    const keyring = new CustomKeyring({
      providerId: 'tests',
      wrapDataKey: async ({ dataKey }) => ({ ciphertext: Buffer.from(dataKey), keyName: 'key' }),
      unwrapDataKey: async ({ ciphertext }) => Buffer.from(ciphertext),
    });
    const writer = new Envelope({ keyring });
    const texts = Array.from({ length: 600 }, (_, i) => `text ${i}`);
    const messages = await Promise.all(texts.map((text) => writer.encrypt(text)));
    const reader = new Envelope({ keyring, cache: { maxEntries: 1000 } });
    const settled = await reader.warm({ messages });
    assert.ok(settled.every(({ status }) => status === 'fulfilled'));
    assert.deepEqual(
      messages.map((message) => String(reader.decryptSync(message))),
      texts,
    );
  });
});
