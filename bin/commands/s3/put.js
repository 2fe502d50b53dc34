'use strict';

const path = require('node:path');

const { addressOf, parseAddress } = require('../../s3/address.js');
const { withS3 } = require('../../s3/client.js');
const { keysOf } = require('../../s3/keys.js');
const { contextOf, keyOf } = require('../../support/arguments.js');
const { Failure, usage } = require('../../support/errors.js');
const { openInput } = require('../../support/input.js');

/** @typedef {import('..').Values} Values */

/** @param {import('..').Invocation} invocation */
async function run({ values, positionals, reporter, signal }) {
  const [input = '', target = '', ...others] = positionals;
  if (target === '' || others.length > 0) {
    throw usage('give a file, or - for standard input, and where it goes: s3://BUCKET/KEY');
  }
  const place = placeOf(target, input);
  const destination = addressOf(place);
  const { writer, options } = writerOf(values);
  await withS3(destination, async ({ client, EncryptedS3 }) => {
    const s3 = new EncryptedS3({ client, ...writer });
    const Body = openInput(input);
    const putOptions = {
      ...(values['content-type'] !== undefined && { ContentType: values['content-type'] }),
      ...(values.force !== true && { IfNoneMatch: '*' }),
    };
    try {
      await s3.put({ ...place, ...putOptions, Body }, { ...options, signal });
    } catch (error) {
      throw existsAlready(error, destination);
    } finally {
      Body.destroy();
    }
    const value = { status: 'encrypted', source: input, destination };
    const name = input === '-' ? 'standard input' : input;
    await reporter.result(value, `encrypted ${name} -> ${destination}`);
  });
}

/**
 * @param {string} target
 * @param {string} input
 */
function placeOf(target, input) {
  const { Bucket, Key } = parseAddress(target);
  if (Key !== '' && !Key.endsWith('/')) return { Bucket, Key };
  if (input === '-') throw usage(`'${target}' names no object; give s3://BUCKET/KEY`);
  return { Bucket, Key: Key + path.basename(input) };
}

/** @param {Values} values */
function writerOf(values) {
  const { format = 'V3', 'instruction-file': apart } = values;
  const encryptionContext = values.context === undefined ? undefined : contextOf(values);
  const { keyring, envelope } = keysOf(keyOf(values));
  if (format === 'message') {
    if (envelope === undefined) throw usage('messages need a KMS key, or local:PATH');
    if (apart) throw usage('messages have no instruction file');
    return { writer: { envelope }, options: { encryptionContext } };
  }
  const storage = /** @type {'instructionFile' | 'metadata'} */ (
    apart ? 'instructionFile' : 'metadata'
  );
  const commitmentPolicy = /** @type {const} */ ('forbidEncryptAllowDecrypt');
  return {
    writer: { keyring, ...(format === 'V2' && { commitmentPolicy }) },
    options: { encryptionContext, storage },
  };
}

/**
 * @param {unknown} error
 * @param {string} destination
 */
function existsAlready(error, destination) {
  if (/** @type {Error} */ (error).name !== 'PreconditionFailed') return error;
  const advice = 'give --force to replace it';
  return new Failure('FILE_EXISTS', `'${destination}' exists already; ${advice}`);
}

module.exports = {
  summary: 'Encrypt a file or standard input, and put it',
  usage: '[OPTION...] FILE|- s3://BUCKET/[KEY]',
  details: `A long file goes by parts, in constant memory, and is visible only once all of
it is there. An object that exists is replaced only with --force. Where KEY is
missing or ends with /, the name of the file is added.
`,
  options: /** @type {const} */ ([
    'key',
    'context',
    'format',
    'instruction-file',
    'content-type',
    'force',
    'json',
    'quiet',
    'help',
  ]),
  run,
};
