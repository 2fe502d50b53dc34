'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {
  AwsKmsKeyring,
  Envelope,
  EnvelopeError,
  MultiKeyring,
  RawAesKeyring,
  RawRsaKeyring,
} = require('../..');
const { requireOrSkip } = require('./requirements');

const ROOT = path.join(__dirname, '..', '..');
/** The vectors of this repository. */
const OURS = path.join(ROOT, 'tests', 'vectors', 'cases');
const { ESDK_VECTORS: WHOLE_SET = path.join(ROOT, '..', 'shared', 'vectors') } = process.env;
/** The whole set, if it is here. */
const SHARED = path.join(WHOLE_SET, 'cases');
const FILES = ['python', 'js', 'rust', 'kms', 'negative', 'crafted', 'legacy-sorting'];

// Where the peers differ: those that we refuse, as the vectors' README decides.
const OPEN_REFUSED =
  /^(crafted-(framed-length-0|provider-not-utf8|public-key-uncompressed)-|jslegacy-)/;
// The message is at fault; not the caller, nor this package.
const REFUSALS = [
  'MALFORMED_MESSAGE',
  'TRUNCATED_MESSAGE',
  'UNSUPPORTED_MESSAGE',
  'COMMITMENT_POLICY',
  'SIGNED_MESSAGE',
  'AUTHENTICATION_FAILED',
  'NO_USABLE_KEY',
  'LIMIT_EXCEEDED',
];
const POLICIES = {
  'forbid-encrypt-allow-decrypt': 'forbidEncryptAllowDecrypt',
  'require-encrypt-allow-decrypt': 'requireEncryptAllowDecrypt',
  'require-encrypt-require-decrypt': 'requireEncryptRequireDecrypt',
};

/** Whether the whole set is here, which holds those of this repository. */
const hasWholeSet = WHOLE_SET !== 'none' && fs.existsSync(SHARED);

/** True if the whole set is here; else the test is skipped, in CI only if that is on purpose. */
function present(t) {
  if (WHOLE_SET === 'none') {
    t.skip('left out, as ESDK_VECTORS says');
    return false;
  }
  const missing = `${SHARED}; set ESDK_VECTORS to the vectors' folder`;
  return requireOrSkip(t, hasWholeSet, missing);
}

/**
 * The cases of a folder, each with an envelope of its key. Those that give the data key itself are
 * for `tests/vectors.rs`: JavaScript has no such door.
 *
 * @param {string} folder
 * @param {string} [kmsEndpoint] without it, the cases under KMS keys are left out
 */
function casesOf(folder, kmsEndpoint) {
  const { keys } = json(folder, 'keys');
  const envelopes = new Map();
  const isWanted = ({ keyring: { type } }) =>
    type !== 'data-key' && type.startsWith('kms') === (kmsEndpoint !== undefined);
  const items = FILES.flatMap((file) => json(folder, file).cases).filter(isWanted);
  return items.map((item) => {
    const { keyring, commitment_policy: policy, max_encrypted_data_keys: max } = item;
    const id = JSON.stringify([keyring, policy, max]);
    const options = {
      commitmentPolicy: POLICIES[policy ?? 'require-encrypt-allow-decrypt'],
      maxEncryptedDataKeys: max,
    };
    if (!envelopes.has(id)) {
      const opened = keyringOf(keyring, keys, kmsEndpoint);
      envelopes.set(id, new Envelope({ keyring: opened, ...options }));
    }
    return { item, envelope: envelopes.get(id) };
  });
}

function keyringOf(json, keys, endpoint) {
  const { type, namespace: keyNamespace, name: keyName } = json;
  const key = keys[json.key];
  if (type === 'kms') return new AwsKmsKeyring({ keyId: key.arn, endpoint });
  if (type === 'kms-discovery') return new AwsKmsKeyring({ discovery: true, endpoint });
  if (type === 'raw-aes') {
    const wrappingKey = Buffer.from(key.hex, 'hex');
    return new RawAesKeyring({ keyNamespace, keyName, wrappingKey });
  }
  if (type === 'raw-rsa') {
    const pair = { publicKey: key.public_pem, privateKey: key.private_pem };
    return new RawRsaKeyring({ keyNamespace, keyName, padding: json.padding, ...pair });
  }
  assert.equal(type, 'multi');
  const [generator, ...children] = [json.generator, ...json.children].map(
    (part) => part && keyringOf(part, keys, endpoint),
  );
  return new MultiKeyring(generator ? { generator, children } : { children });
}

/**
 * Decrypts a case in several ways, and checks the outcomes.
 *
 * @param {string} folder
 * @param {any} item
 * @param {((message: Buffer) => Promise<any>)[]} ways
 * @returns {Promise<'read' | 'refused'>}
 */
async function check(folder, item, ways) {
  const message = bytes(folder, item, 'ciphertext');
  const results = await Promise.all(ways.map((way) => way(message).catch((error) => error)));
  if (!isRead(item)) {
    assertRefused(results, REFUSALS, item);
    return 'refused';
  }
  const plaintext = bytes(folder, item, 'plaintext');
  for (const result of results) {
    assert.ok(plaintext.equals(result.plaintext ?? result), `${item.id}: ${result}`);
    const { 'aws-crypto-public-key': _, ...context } =
      result.header?.encryptionContext ?? item.encryption_context;
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

module.exports = { OURS, SHARED, bytes, casesOf, check, hasWholeSet, json, keyringOf, present };
