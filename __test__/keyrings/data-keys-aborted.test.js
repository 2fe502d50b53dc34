'use strict';

const assert = require('node:assert/strict');
const { describe, it, mock } = require('node:test');

const { Envelope } = require('../..');
const binding = require('../../lib/native/load.js');
const { rawAes } = require('../support/raw-aes');
const { rejection } = require('../support/rejects');

const envelope = new Envelope({
  keyring: rawAes(),
});

/** The calls that give plaintext keys, and the field of their answer that has it. */
const CALLS = {
  generateDataKey: {
    field: 'plaintext',
    call: (options) => envelope.generateDataKey(options),
  },
  decryptDataKey: {
    field: 'plaintext',
    prepare: () => envelope.generateDataKeyWithoutPlaintext(),
    call: (options, { ciphertextBlob }) => envelope.decryptDataKey(ciphertextBlob, options),
  },
  generateDataKeyPair: {
    field: 'privateKeyPlaintext',
    call: (options) => envelope.generateDataKeyPair({ ...options, keyPairSpec: 'ECC_NIST_P256' }),
  },
};

describe('a signal that fires after the addon has the plaintext key, before the caller has it', () => {
  for (const [name, { field, prepare, call }] of Object.entries(CALLS)) {
    it(`makes ${name} reject, and the key is wiped`, async () => {
      const wrapped = await prepare?.();
      const controller = new AbortController();
      const answers = [];
      const native = binding[name];
      const spied = mock.method(binding, name, async (...parameters) => {
        const answer = await native(...parameters);
        assert.ok(answer[field].some((byte) => byte !== 0));
        answers.push(answer);
        controller.abort();
        return answer;
      });
      try {
        await rejection(call({ signal: controller.signal }, wrapped), 'ABORTED');
      } finally {
        spied.mock.restore();
      }
      assert.equal(answers.length, 1);
      assert.ok(answers[0][field].length > 0);
      assert.ok(answers[0][field].every((byte) => byte === 0));
    });
  }
});
