'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { Envelope, EnvelopeError, RawAesKeyring } = require('../..');
const { requireOrSkip } = require('./requirements');

const ROOT = path.join(__dirname, '..', '..');
/** The vectors of this repository. */
const OURS = path.join(ROOT, 'tests', 'vectors', 'cases');
/** The whole set, if it is here. */
const SHARED = path.join(
  process.env.ESDK_VECTORS ?? path.join(ROOT, '..', 'shared', 'vectors'),
  'cases',
);
const FILES = ['python', 'js', 'rust', 'negative', 'crafted', 'legacy-sorting'];

// Where the peers differ: those that we refuse, as the vectors' README decides.
const OPEN_REFUSED = /^crafted-(framed-length-0|provider-not-utf8)-/;
// The message is at fault; not the caller, nor this package.
const REFUSALS = [
  'MALFORMED_MESSAGE',
  'TRUNCATED_MESSAGE',
  'UNSUPPORTED_MESSAGE',
  'COMMITMENT_POLICY',
  'AUTHENTICATION_FAILED',
  'NO_USABLE_KEY',
  'LIMIT_EXCEEDED',
];
const READABLE = Buffer.from([2, 0x04, 0x78]);
const OTHER_SUITE = ['UNSUPPORTED_MESSAGE', 'COMMITMENT_POLICY'];

/** True if the whole set is here; else the test is skipped. */
function present(t) {
  const what = `${SHARED}; set ESDK_VECTORS to the vectors' folder`;
  return requireOrSkip(t, fs.existsSync(SHARED), what);
}

/** The cases of a folder under a raw AES key, each with an envelope of its key. */
function rawAesCases(folder) {
  const { keys } = json(folder, 'keys');
  const items = FILES.flatMap((file) => json(folder, file).cases);
  return items
    .filter(({ keyring }) => keyring.type === 'raw-aes')
    .map((item) => {
      const { namespace, name, key } = item.keyring;
      const wrappingKey = Buffer.from(keys[key].hex, 'hex');
      const keyring = new RawAesKeyring({ keyNamespace: namespace, keyName: name, wrappingKey });
      const maxEncryptedDataKeys = item.max_encrypted_data_keys;
      return { item, envelope: new Envelope({ keyring, maxEncryptedDataKeys }) };
    });
}

/**
 * Decrypts a case in several ways, and checks the outcomes.
 *
 * @param {string} folder
 * @param {any} item
 * @param {((message: Buffer) => Promise<any>)[]} ways
 * @returns {Promise<'read' | 'refused' | 'otherSuites'>}
 */
async function check(folder, item, ways) {
  const message = bytes(folder, item, 'ciphertext');
  const results = await Promise.all(ways.map((way) => way(message).catch((error) => error)));
  if (!isRead(item)) {
    assertRefused(results, REFUSALS, item);
    return 'refused';
  }
  // The set decides for readers of every suite; this release reads one.
  if (!message.subarray(0, 3).equals(READABLE)) {
    assertRefused(results, OTHER_SUITE, item);
    return 'otherSuites';
  }
  const plaintext = bytes(folder, item, 'plaintext');
  for (const result of results) {
    assert.ok(plaintext.equals(result.plaintext ?? result), `${item.id}: ${result}`);
    const context = result.header?.encryptionContext ?? item.encryption_context;
    assert.deepEqual(context, item.encryption_context, item.id);
  }
  return 'read';
}

function isRead({ id, result }) {
  return result === 'ok' || (result === 'open' && !OPEN_REFUSED.test(id));
}

function assertRefused(results, expected, { id }) {
  for (const result of results) {
    assert.ok(result instanceof EnvelopeError, `${id}: ${result}`);
    assert.ok(expected.includes(result.code.replace('ERR_ENVELOPE_', '')), `${id}: ${result.code}`);
  }
}

/** A field of a case that holds bytes, or names their file. */
function bytes(folder, item, name) {
  const inline = item[`${name}_base64`];
  if (inline !== undefined) return Buffer.from(inline, 'base64');
  return fs.readFileSync(path.join(folder, item[name]));
}

function json(folder, name) {
  return JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
}

module.exports = { OURS, SHARED, bytes, check, json, present, rawAesCases };
