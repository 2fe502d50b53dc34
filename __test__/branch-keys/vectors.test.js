'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { Readable } = require('node:stream');
const { buffer } = require('node:stream/consumers');
const { before, describe, test } = require('node:test');

const { Envelope, EnvelopeError } = require('../..');
const {
  HIERARCHY,
  IS_WHOLE,
  Vectors,
  json,
  loadStore,
  setEnvironment,
} = require('../support/branch-keys');
const { skipWithout } = require('../support/requirements');
const { temporaryMoto } = require('../support/temporary-moto');

// AWS's libraries disagree: those with a data key whose provider info is not UTF-8 are read, as the
// specification says; those whose context JavaScript sorted by a locale are not.
const OPEN_READ = /^crafted-bad-(first|last)-info-not-utf8-/;
const NO_RANGES = new Set(['ERR_ENVELOPE_SIGNED_MESSAGE', 'ERR_ENVELOPE_UNSUPPORTED_MESSAGE']);
const AT_ONCE = 8;
const POLICIES = {
  'forbid-encrypt-allow-decrypt': 'forbidEncryptAllowDecrypt',
  'require-encrypt-allow-decrypt': 'requireEncryptAllowDecrypt',
  'require-encrypt-require-decrypt': 'requireEncryptRequireDecrypt',
};

setEnvironment();

describe('the cases of branch keys', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto({ keys: path.join(HIERARCHY, 'keys.json') });
  let vectors;
  before(async () => {
    await loadStore(moto.endpoint, json('store'));
    vectors = new Vectors(moto.endpoint);
  });

  test('each has its expected outcome: in one piece, streamed and ranged', async () => {
    const { cases } = json('cases');
    assert.equal(cases.length, IS_WHOLE ? 839 : 304);
    const wrong = [];
    const todo = cases.values();
    const work = async () => {
      for (const item of todo) {
        for (const [way, run] of Object.entries(WAYS)) {
          const problem = await problemOf(item, run);
          if (problem) wrong.push(`${item.id} ${way}: ${problem}`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    assert.deepEqual(wrong, []);
  });

  const WAYS = {
    whole: (envelope, message, options) => envelope.decrypt(message, options),
    streamed: (envelope, message, options) => {
      const signed = 'release-before-verified';
      return buffer(
        Readable.from(pieces(message)).pipe(envelope.decryptStream({ ...options, signed })),
      );
    },
    ranged: async (envelope, message, options) => {
      try {
        const opened = await envelope.openMessage(message, options);
        try {
          return await opened.read();
        } finally {
          await opened.close();
        }
      } catch (error) {
        // Signed messages and those without frames have no ranges.
        if (!NO_RANGES.has(error.code)) throw error;
        return envelope.decrypt(message, options);
      }
    },
  };

  async function problemOf(item, run) {
    const message = Buffer.from(item.ciphertext_base64, 'base64');
    const envelope = new Envelope({
      keyring: vectors.keyring(item.keyring),
      commitmentPolicy: POLICIES[item.commitment_policy ?? 'require-encrypt-allow-decrypt'],
      maxEncryptedDataKeys: item.max_encrypted_data_keys,
      requiredContextKeys: requiredOf(item),
    });
    const options = { encryptionContext: item.reproduced_encryption_context };
    const outcome = await run(envelope, message, options).catch((error) => error);
    const reads = item.result === 'ok' || (item.result === 'open' && OPEN_READ.test(item.id));
    if (!reads) {
      if (outcome instanceof EnvelopeError) return undefined;
      return outcome instanceof Error ? String(outcome.stack) : 'was read';
    }
    if (outcome instanceof Error)
      return `${outcome.code} ${outcome.message} ${outcome.cause ?? ''}`;
    const { plaintext_base64: plaintext } = item;
    if (plaintext !== undefined) {
      return outcome.equals(Buffer.from(plaintext, 'base64')) ? undefined : 'other plaintext';
    }
    return undefined;
  }
});

/** Pieces of lengths that have nothing to do with the format. */
function* pieces(message) {
  for (let i = 0; i < message.length; i += 97) yield message.subarray(i, i + 97);
}

function requiredOf(item) {
  const { reproduced_encryption_context: given } = item;
  return given ? Object.keys(given) : [];
}
