'use strict';

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { describe, it } = require('node:test');
const { EnvelopeError } = require('../..');
const { decryptS3Object } = require('../../integrations/s3');
const { requireOrSkip, skipWithout } = require('../support/requirements');
const { casesOf, json, keyringOf, objectOf, optionsOf, sha256 } = require('../support/s3-objects');
const { temporaryMoto } = require('../support/temporary-moto');

process.env.AWS_ACCESS_KEY_ID = 'test';
process.env.AWS_SECRET_ACCESS_KEY = 'test';

const ROOT = path.join(__dirname, '..', '..');
const OURS = path.join(ROOT, 'tests', 'vectors', 's3');
const { ESDK_VECTORS: WHOLE_SET = path.join(ROOT, '..', 'shared', 'vectors') } = process.env;
const SHARED = path.join(WHOLE_SET, 's3');

/** Where clients differ: what we refuse; the rest of the open cases we read. */
const OPEN_REFUSED =
  /(-description-|-file-iv-in-object-|matdesc-in-both|-deep-matdesc-|neg-body-flip-|neg-iv-flip-last-)/;
/** The content has no tag, so that another plaintext comes out, or none. */
const CBC_CHANGED = /^neg-(iv|body)-flip-/;

describe('objects of the S3 Encryption Clients', () => {
  it('under AES and RSA keys, in this repository, are read or refused', async () => {
    const files = ['ruby', 'java', 'crafted', 'published', 'negative'];
    const { wrong, counts } = await resultsOf(OURS, files, (type) => type.startsWith('raw-'));
    assert.deepEqual(wrong, []);
    assert.deepEqual(counts, { read: 153, refused: 518, changed: 6 });
  });
});

describe('objects of the S3 Encryption Clients (moto)', { skip: skipWithout('python') }, () => {
  const moto = temporaryMoto({ keys: path.join(OURS, 'keys.json') });

  it('under every kind of key, in the whole set, are read or refused', async (t) => {
    const what = `${SHARED}; set ESDK_VECTORS to the vectors' folder`;
    if (!requireOrSkip(t, WHOLE_SET !== 'none' && fs.existsSync(SHARED), what)) return;
    const files = ['python', 'ruby', 'java', 'crafted', 'published', 'negative'];
    const isWanted = (type) => type !== 'data-key';
    const { wrong, counts } = await resultsOf(SHARED, files, isWanted, moto.endpoint);
    assert.deepEqual(wrong, []);
    // Of the other six the data key itself is given, for which JavaScript has no door.
    assert.deepEqual(counts, { read: 276, refused: 975, changed: 9 });
  });
});

/**
 * Reads the cases whose keyring's type is wanted. Returns how many were read and refused as they must
 * be, and of how many without a tag the plaintext changed; and the cases of which none of these holds.
 */
async function resultsOf(folder, files, isWanted, kmsEndpoint) {
  const keys = { ...json(folder, 'keys').keys, ...json(folder, 'published-keys').keys };
  const keyrings = new Map();
  const counts = { read: 0, refused: 0, changed: 0 };
  const wrong = [];
  for (const item of casesOf(folder, files).filter(({ keyring }) => isWanted(keyring.type))) {
    const id = JSON.stringify(item.keyring);
    if (!keyrings.has(id)) keyrings.set(id, keyringOf(item.keyring, keys, kmsEndpoint));
    const options = optionsOf(item, keyrings.get(id));
    const result = await decryptS3Object(objectOf(folder, item), options).catch((error) => error);
    const expected = expectedOf(item);
    if (isAs(expected, result, item.plaintext_sha256)) counts[expected]++;
    else wrong.push(`${item.id}, expected to be ${expected}: ${result.stack ?? sha256(result)}`);
  }
  return { counts, wrong };
}

function expectedOf({ id, result }) {
  if (result === 'ok') return 'read';
  if (result !== 'open') return 'refused';
  if (CBC_CHANGED.test(id)) return 'changed';
  return OPEN_REFUSED.test(id) ? 'refused' : 'read';
}

function isAs(expected, result, digest) {
  const isRefused = result instanceof EnvelopeError && result.code !== 'ERR_ENVELOPE_INTERNAL';
  if (expected === 'refused') return isRefused;
  if (!Buffer.isBuffer(result)) return expected === 'changed' && isRefused;
  return (sha256(result) === digest) === (expected === 'read');
}
