'use strict';

const { addressOf, parseAddress } = require('../../s3/address.js');
const { withS3 } = require('../../s3/client.js');
const { contextToRead, keysOf, readOptions } = require('../../s3/keys.js');
const { Migration } = require('../../s3/migration.js');
const { objectsUnder } = require('../../s3/walk.js');
const { keyOf, wholeNumberOf } = require('../../support/arguments.js');
const { commonExitCode, usage } = require('../../support/errors.js');
const { OF_S3_READ } = require('../../support/s3-options.js');

/** @typedef {import('..').Values} Values */

const MOST_AT_ONCE = 64;

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, reporter, signal }) {
  const [source = '', ...others] = positionals;
  if (source === '' || others.length > 0) {
    throw usage('give one object or prefix: s3://BUCKET/KEY, s3://BUCKET/PREFIX/');
  }
  const start = parseAddress(source);
  const { recursive = false, 'dry-run': dryRun = false } = values;
  if (!recursive && (start.Key === '' || start.Key.endsWith('/'))) {
    throw usage(`'${source}' is a prefix; give --recursive to migrate all objects under it`);
  }
  const atOnce = wholeNumberOf(values, 'concurrency', MOST_AT_ONCE) ?? 8;
  const encryptionContext = contextToRead(values);
  const writer = writerOf(values);
  const reader = readOptions(values);
  return withS3(source, async (s3) => {
    const { client, EncryptedS3 } = s3;
    const to = new EncryptedS3({ client, ...writer });
    const from = new EncryptedS3({ client, ...reader });
    const options = { to, encryptionContext, dryRun };
    const migrate = (/** @type {any} */ place, /** @type {AbortSignal} */ stop) =>
      from.migrate(place, { ...options, signal: stop });
    const migration = new Migration(migrate, { reporter, signal, atOnce });
    const objects = recursive ? objectsUnder(s3, start, signal) : one(start);
    await migration.run(objects, { isSingle: !recursive });
    return commonExitCode(migration.exits);
  });
}

/** @param {{ Bucket: string, Key: string }} place */
async function* one(place) {
  yield { place, address: addressOf(place), size: 0 };
}

/**
 * What the new objects are written with.
 *
 * @param {Values} values
 */
function writerOf(values) {
  const { format = 'V3', 'to-key': toKey } = values;
  if (format === 'V2') throw usage('objects are migrated to V3, or to messages');
  const { keyring, envelope } = keysOf(toKey ?? keyOf(values));
  if (format === 'V3') return { keyring };
  if (envelope === undefined) throw usage('messages need a KMS key, or local:PATH; give --to-key');
  return { envelope };
}

module.exports = {
  summary: 'Encrypt objects of older formats anew, each in its place',
  usage: '[OPTION...] s3://BUCKET/KEY|s3://BUCKET/PREFIX',
  details: `Objects of V1 and V2, or messages, become V3; with --format message, all become
messages. --recursive takes every object whose key starts with PREFIX. An object
is replaced only if all of it has verified, the new one can be read back, and
nobody has written it meanwhile. It keeps its metadata, headers, tags and
storage class; its data key moves into the metadata, and its instruction file is
deleted.

What has the format already is skipped: the same command resumes what was
interrupted. One object that fails does not stop the others. In a bucket with
versions, the old objects stay as older versions.
`,
  options: /** @type {const} */ ([
    ...OF_S3_READ,
    'to-key',
    'format',
    'recursive',
    'concurrency',
    'dry-run',
    'json',
    'quiet',
    'help',
  ]),
  run,
};
