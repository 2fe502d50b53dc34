'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');

const { startMoto } = require('../support/moto');
const { skipWithout } = require('../support/requirements');
const { OURS, SHARED, casesOf, check, present } = require('../support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const WAYS = ['decryptMessage', 'decrypt', 'decryptSync'];

describe('vectors', () => {
  it('the vectors of this repository have their outcomes', async (t) => {
    const { read, refused } = await run(t, OURS, casesOf(OURS), WAYS);
    assert.ok(read >= 600 && refused >= 1200);
  });

  it('the vectors of the whole set have their outcomes', async (t) => {
    if (!present(t)) return;
    const { read, refused } = await run(t, SHARED, casesOf(SHARED), WAYS);
    // 56 under KMS keys, below; 6 that give the data key itself, in tests/vectors.rs; and 11 of
    // what releases plaintext early, in vectors-streams.test.js.
    assert.equal(read + refused, 3476 - 56 - 6 - 11);
  });

  it(
    'the vectors of the whole set under KMS keys have their outcomes',
    { skip: skipWithout('python') },
    async (t) => {
      if (!present(t)) return;
      const moto = await startMoto({ keys: path.join(SHARED, 'keys.json') });
      try {
        const cases = casesOf(SHARED, moto.endpoint);
        const { read } = await run(t, SHARED, cases, ['decryptMessage']);
        assert.equal(read, 56);
        assert.equal((await moto.requests()).length, read, 'one call of KMS for each');
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
