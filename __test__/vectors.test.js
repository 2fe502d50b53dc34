'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, EnvelopeError, RawAesKeyring, inspect } = require('..');
const { startMoto } = require('./support/moto');
const { requireOrSkip, skipWithout } = require('./support/requirements');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const ROOT = path.join(__dirname, '..');
const OURS = path.join(ROOT, 'tests', 'vectors', 'cases');
const ALL = path.join(process.env.ESDK_VECTORS ?? path.join(ROOT, '..', 'shared', 'vectors'), 'cases');
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

describe('vectors', () => {
  it('of this repository, under a raw AES key', async (t) => {
    const { read, refused } = await runRawAes(t, OURS);
    assert.ok(read >= 75 && refused >= 260);
  });

  it('of the whole set, under a raw AES key', async (t) => {
    if (!present(t)) return;
    const { read, refused, otherSuites } = await runRawAes(t, ALL);
    assert.ok(read >= 75 && refused >= 2000 && otherSuites >= 600);
  });

  it('of the whole set, under a KMS key', { skip: skipWithout('python') }, async (t) => {
    if (!present(t)) return;
    const moto = await startMoto({ keys: path.join(ALL, 'keys.json') });
    try {
      const { otherSuites, dataKeys } = await runKms(t, moto);
      assert.ok(otherSuites >= 45 && dataKeys >= 25);
    } finally {
      await moto.stop();
    }
  });
});

function present(t) {
  return requireOrSkip(t, fs.existsSync(ALL), `${ALL}; set ESDK_VECTORS to the vectors' folder`);
}

async function runRawAes(t, folder) {
  const { keys } = json(folder, 'keys');
  const counts = { read: 0, refused: 0, otherSuites: 0 };
  for (const item of FILES.flatMap((file) => json(folder, file).cases)) {
    if (item.keyring.type !== 'raw-aes') continue;
    const { namespace, name, key } = item.keyring;
    const wrappingKey = Buffer.from(keys[key].hex, 'hex');
    const keyring = new RawAesKeyring({ keyNamespace: namespace, keyName: name, wrappingKey });
    const maxEncryptedDataKeys = item.max_encrypted_data_keys;
    const envelope = new Envelope({ keyring, maxEncryptedDataKeys });
    counts[await check(folder, item, envelope, ['decryptMessage', 'decrypt', 'decryptSync'])]++;
  }
  t.diagnostic(JSON.stringify(counts));
  return counts;
}

async function runKms(t, moto) {
  const { keys } = json(ALL, 'keys');
  const under = (keyId) =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId, endpoint: moto.endpoint }) });
  const cases = json(ALL, 'kms').cases.filter(({ keyring }) => keyring.type === 'kms');
  const counts = { read: 0, refused: 0, otherSuites: 0, dataKeys: 0 };
  for (const item of cases) {
    counts[await check(ALL, item, under(keys[item.keyring.key].arn), ['decryptMessage'])]++;
  }
  assert.equal((await moto.requests()).length, counts.read, 'KMS is asked for what is read');

  // KMS wraps data keys for every suite alike.
  for (const item of cases) {
    const { algorithmSuite, encryptedDataKeys, encryptionContext } = inspect(
      bytes(ALL, item, 'ciphertext'),
    );
    // The context of a signed message has a pair that callers may not give.
    if (algorithmSuite.signed) continue;
    for (const { keyProviderId, keyName, ciphertext } of encryptedDataKeys) {
      if (keyProviderId !== 'aws-kms') continue;
      const dataKey = await under(keyName).decryptDataKey(ciphertext, { encryptionContext });
      assert.equal(dataKey.plaintext.toString('hex'), item.data_key, item.id);
      counts.dataKeys++;
    }
  }
  t.diagnostic(JSON.stringify(counts));
  return counts;
}

/** Decrypts in each of the ways; tells the outcome, which must be the case's. */
async function check(folder, item, envelope, ways) {
  const message = bytes(folder, item, 'ciphertext');
  const results = await Promise.all(ways.map((way) => outcome(() => envelope[way](message))));
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
  }
  assert.deepEqual(results[0].header.encryptionContext, item.encryption_context, item.id);
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

async function outcome(call) {
  try {
    return await call();
  } catch (error) {
    return error;
  }
}

function bytes(folder, item, name) {
  const inline = item[`${name}_base64`];
  if (inline !== undefined) return Buffer.from(inline, 'base64');
  return fs.readFileSync(path.join(folder, item[name]));
}

function json(folder, name) {
  return JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
}
