'use strict';

const assert = require('node:assert/strict');
const { describe, it } = require('node:test');

const { EnvelopeError, inspect } = require('../..');
const { same } = require('../support/files');
const { randomRanges } = require('../support/ranges');
const { failure } = require('../support/streams');
const vectors = require('../support/vectors');

describe('ranges', () => {
  // They are a part of the whole set, as interop/vectors-streams.test.js shows.
  if (!vectors.hasWholeSet) {
    it('give or refuse each vector of this repository as its case says', async (t) => {
      assert.deepEqual(await run(t, vectors.OURS), { read: 321, refused: 1400 });
    });
  }

  it('give or refuse each vector of the whole set as its case says', async (t) => {
    if (!vectors.present(t)) return;
    assert.deepEqual(await run(t, vectors.SHARED), { read: 513, refused: 2383 });
  });

  async function run(t, set) {
    const counts = { read: 0, refused: 0 };
    const cases = vectors.casesOf(set);
    const items = new Map(cases.map(({ item }) => [item.id, item]));
    for (const { item, envelope: reader } of cases) {
      const bytes = vectors.bytes(set, item, 'ciphertext');
      if (item.result === 'fail') {
        const base = items.get(item.base);
        await refusedVector(reader, bytes, base && vectors.bytes(set, base, 'plaintext'));
        counts.refused++;
      } else if (item.result === 'ok' && isRanged(bytes)) {
        await readVector(reader, bytes, vectors.bytes(set, item, 'plaintext'));
        counts.read++;
      }
    }
    t.diagnostic(JSON.stringify(counts));
    return counts;
  }

  function isRanged(bytes) {
    const { algorithmSuite, contentType } = inspect(bytes);
    return !algorithmSuite.signed && contentType === 'framed';
  }

  async function readVector(reader, bytes, plaintext) {
    const opened = await reader.openMessage(bytes);
    assert.equal(opened.size, plaintext.length);
    same(await opened.read(), plaintext);
    for (const range of randomRanges(plaintext.length, 20)) {
      same(await opened.read(range), plaintext.subarray(range.start, range.end));
    }
  }

  /** The whole is refused; a part, too, or it is that of the message that was changed. */
  async function refusedVector(reader, bytes, plaintext) {
    const error = await failure(reader.decryptRange(bytes));
    assert.ok(error instanceof EnvelopeError, String(error));
    assert.doesNotMatch(error.code, /_(INVALID_ARGUMENT|INTERNAL|RANGE)$/, error.message);
    if (!plaintext) return;
    for (const range of randomRanges(plaintext.length, 20)) {
      const found = await reader.decryptRange(bytes, range).catch((reason) => reason);
      if (found instanceof EnvelopeError) continue;
      same(found, plaintext.subarray(range.start, range.end));
    }
  }
});
