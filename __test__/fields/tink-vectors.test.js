'use strict';

const assert = require('node:assert/strict');
const path = require('node:path');
const { describe, it } = require('node:test');
const { EnvelopeError } = require('../..');
const { startMoto } = require('../support/moto');
const { skipWithout } = require('../support/requirements');
const { OURS, SHARED, TinkVectors, bytes } = require('../support/tink');
const { present } = require('../support/vectors');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

/** The reasons; a keyset that does something else than what is asked is a wrong argument. */
const REFUSALS = [
  'AUTHENTICATION_FAILED',
  'INVALID_ARGUMENT',
  'KMS_ACCESS_DENIED',
  'KMS_INVALID_CIPHERTEXT',
  'KMS_WRONG_KEY',
  'MALFORMED_KEYSET',
  'MALFORMED_MESSAGE',
  'NO_USABLE_KEY',
];

describe("Tink's vectors", () => {
  it('of this repository are read, or refused, as they say', async () => {
    const { read, refused } = await run(new TinkVectors(OURS));
    assert.ok(read >= 120 && refused >= 300, `${read} read, ${refused} refused`);
  });

  it(
    'of the whole set are read, or refused, as they say',
    { skip: skipWithout('python') },
    async (t) => {
      if (!present(t)) return;
      const moto = await startMoto({ keys: path.join(SHARED, 'keys.json') });
      try {
        const { read, refused } = await run(new TinkVectors(SHARED, moto.endpoint));
        t.diagnostic(`${read} read, ${refused} refused`);
        assert.equal(read + refused, 1191);
      } finally {
        await moto.stop();
      }
    },
  );

  it('that are deterministic are written byte for byte', async () => {
    const vectors = new TinkVectors(OURS);
    const wanted = vectors.cases.filter(
      ({ op, result, primary = true }) => op === 'daead' && result === 'ok' && primary,
    );
    assert.ok(wanted.length > 0);
    for (const item of wanted) await checkDeterministic(vectors, item);
  });
});

async function run(vectors) {
  const counts = { read: 0, refused: 0 };
  for (const item of vectors.cases) {
    const outcome = await vectors.run(item).catch((error) => error);
    if (vectors.succeeds(item)) {
      check(item, outcome);
      if (item.op === 'daead' && item.primary !== false) await checkDeterministic(vectors, item);
      counts.read++;
    } else {
      refused(item, outcome);
      counts.refused++;
    }
  }
  return counts;
}

function check(item, outcome) {
  assert.ok(!(outcome instanceof Error), `${item.id}: ${outcome?.code} ${outcome}`);
  if (item.op === 'keyset') return;
  const expected = bytes(item.op === 'prf' ? item.output_base64 : item.plaintext_base64);
  assert.ok(expected.equals(outcome), item.id);
}

async function checkDeterministic(vectors, item) {
  const keyset = await vectors.keyset(item.keyset);
  const again = keyset.encryptDeterministic(
    bytes(item.plaintext_base64),
    bytes(item.associated_data_base64),
  );
  assert.ok(again.equals(bytes(item.ciphertext_base64)), item.id);
}

function refused(item, outcome) {
  // The keyset is good, and of another primitive than the case asks for.
  if (item.op === 'keyset' && outcome instanceof assert.AssertionError) return;
  // The length of the wrapped key reaches beyond the bytes.
  if (item.op === 'kms-envelope' && outcome instanceof RangeError) return;
  assert.ok(outcome instanceof EnvelopeError, `${item.id}: ${outcome}`);
  const code = outcome.code.replace('ERR_ENVELOPE_', '');
  assert.ok(REFUSALS.includes(code), `${item.id}: ${code}`);
}
