'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const { AwsKmsKeyring, Envelope, inspect } = require('..');
const { startMoto } = require('./support/moto');
const { skipWithout } = require('./support/requirements');
const { OURS, SHARED, bytes, check, json, present, rawAesCases } = require('./support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const WAYS = ['decryptMessage', 'decrypt', 'decryptSync'];

describe('vectors', () => {
  it('of this repository, under a raw AES key', async (t) => {
    const { read, refused } = await runRawAes(t, OURS);
    assert.ok(read >= 75 && refused >= 260);
  });

  it('of the whole set, under a raw AES key', async (t) => {
    if (!present(t)) return;
    const { read, refused, otherSuites } = await runRawAes(t, SHARED);
    assert.ok(read >= 75 && refused >= 2000 && otherSuites >= 600);
  });

  it('of the whole set, under a KMS key', { skip: skipWithout('python') }, async (t) => {
    if (!present(t)) return;
    const moto = await startMoto({ keys: path.join(SHARED, 'keys.json') });
    try {
      const { otherSuites, dataKeys } = await runKms(t, moto);
      assert.ok(otherSuites >= 45 && dataKeys >= 25);
    } finally {
      await moto.stop();
    }
  });
});

async function runRawAes(t, folder) {
  const counts = { read: 0, refused: 0, otherSuites: 0 };
  for (const { item, envelope } of rawAesCases(folder)) {
    const ways = WAYS.map((way) => async (message) => envelope[way](message));
    counts[await check(folder, item, ways)]++;
  }
  t.diagnostic(JSON.stringify(counts));
  return counts;
}

async function runKms(t, moto) {
  const { keys } = json(SHARED, 'keys');
  const under = (keyId) =>
    new Envelope({ keyring: new AwsKmsKeyring({ keyId, endpoint: moto.endpoint }) });
  const cases = json(SHARED, 'kms').cases.filter(({ keyring }) => keyring.type === 'kms');
  const counts = { read: 0, refused: 0, otherSuites: 0, dataKeys: 0 };
  for (const item of cases) {
    const envelope = under(keys[item.keyring.key].arn);
    counts[await check(SHARED, item, [(message) => envelope.decryptMessage(message)])]++;
  }
  assert.equal((await moto.requests()).length, counts.read, 'KMS is asked for what is read');

  // KMS wraps data keys for every suite alike.
  for (const item of cases) {
    const { algorithmSuite, encryptedDataKeys, encryptionContext } = inspect(
      bytes(SHARED, item, 'ciphertext'),
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
