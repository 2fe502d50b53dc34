'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { cut, seeded, through } = require('../support/streams');
const { OURS, SHARED, bytes, casesOf, check, hasWholeSet, present } = require('../support/vectors');

// Byte by byte is for messages that are shorter; tests/vectors.rs does it to all.
const SMALL = 20_000;

describe('decryptStream', () => {
  if (hasWholeSet) {
    it('is tested with the vectors of this repository as a part of the whole set', () => {
      const whole = new Map(casesOf(SHARED).map(({ item }) => [item.id, item]));
      const ours = casesOf(OURS).map(({ item }) => item);
      assert.equal(ours.length, 647 + 1418);
      for (const item of ours) {
        const [message, same] = [bytes(OURS, item, 'ciphertext'), whole.get(item.id)];
        assert.ok(same && message.equals(bytes(SHARED, same, 'ciphertext')), item.id);
      }
    });
  } else {
    it('reads or refuses each vector of this repository as its case says', async (t) => {
      assert.deepEqual(await runAll(t, OURS), { read: 647, refused: 1418 });
    });
  }

  it('reads or refuses each vector of the whole set as its case says', async (t) => {
    if (!present(t)) return;
    const { read, refused } = await runAll(t, SHARED);
    assert.equal(read, 1013);
    assert.equal(read + refused, 3476 - 56 - 6);
  });
});

async function runAll(t, folder) {
  const counts = { read: 0, refused: 0 };
  const cases = casesOf(folder);
  const items = new Map(cases.map(({ item }) => [item.id, item]));
  const random = seeded(1);
  for (const { item, envelope } of cases) {
    const { length } = bytes(folder, item, 'ciphertext');
    const ways = [length, () => 1 + random(200), () => 1 + random(length + 1)];
    if (length < SMALL) ways.push(1);
    const original = plaintextOf(folder, item) ?? plaintextOf(folder, items.get(item.base));
    const signed = item.unsigned_only ? 'refuse' : 'release-before-verified';
    const run = (chunks) => (message) =>
      decrypt(envelope.decryptStream({ signed }), message, chunks, original);
    counts[await check(folder, item, ways.map(run))]++;
  }
  t.diagnostic(JSON.stringify(counts));
  return counts;
}

/** What the stream gives; it rejects if the stream fails, or releases what is not the original. */
async function decrypt(stream, message, chunks, original) {
  const { output, error } = await through(stream, cut(message, chunks));
  if (original) assert.ok(original.subarray(0, output.length).equals(output));
  else assert.equal(output.length, 0);
  if (error) throw error;
  return output;
}

/** The plaintext of a case that has one. */
function plaintextOf(folder, item) {
  const has = item?.plaintext !== undefined || item?.plaintext_base64 !== undefined;
  return has ? bytes(folder, item, 'plaintext') : undefined;
}
