'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const { startMoto } = require('../support/moto');
const { skipWithout } = require('../support/requirements');
const { OURS, SHARED, casesOf, check, hasWholeSet, present } = require('../support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const WAYS = ['decryptMessage', 'decrypt', 'decryptSync'];

describe('the calls that decrypt', () => {
  // They are a part of the whole set, as vectors-streams.test.js shows.
  if (!hasWholeSet) {
    it('read or refuse each vector of this repository as its case says', async (t) => {
      const counts = await run(t, OURS, casesOf(OURS), WAYS);
      assert.deepEqual(counts, { read: 640, refused: 1414 });
    });
  }

  it('read or refuse each vector of the whole set as its case says', async (t) => {
    if (!present(t)) return;
    const { read, refused } = await run(t, SHARED, casesOf(SHARED), WAYS);
    assert.equal(read, 1006);
    // 56 under KMS keys, below; 6 that give the data key itself, in tests/vectors.rs; and 11 of
    // what releases plaintext early, in vectors-streams.test.js.
    assert.equal(read + refused, 3476 - 56 - 6 - 11);
  });

  it(
    'read each vector of the whole set under KMS keys, with one call of KMS for each',
    { skip: skipWithout('python') },
    async (t) => {
      if (!present(t)) return;
      const moto = await startMoto({ keys: path.join(SHARED, 'keys.json') });
      try {
        const cases = casesOf(SHARED, moto.endpoint);
        const counts = await run(t, SHARED, cases, ['decryptMessage']);
        assert.deepEqual(counts, { read: 56, refused: 0 });
        assert.equal((await moto.requests()).length, counts.read);
      } finally {
        await moto.stop();
      }
    },
  );
});

async function run(t, folder, cases, ways) {
  const counts = { read: 0, refused: 0 };
  for (const { item, envelope } of cases) {
    // What releases plaintext early is in vectors-streams.test.js.
    if (item.unsigned_only) continue;
    const calls = ways.map((way) => async (message) => envelope[way](message));
    counts[await check(folder, item, calls)]++;
  }
  t.diagnostic(JSON.stringify(counts));
  return counts;
}
